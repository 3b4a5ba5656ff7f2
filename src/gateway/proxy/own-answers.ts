/**
 * Answers that the gateway gives in the service's stead, in the services' own shape so that every SDK shows the text.
 */
import { STATUS_CODES, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from "node:http";

/** Of an upload that was refused so much more is read and thrown away (bytes), so that the client gets to read the answer. */
const DISCARD_BYTES = 64 * 1024 * 1024;
/** Seconds after which a refused client may try again: longer than a flush, shorter than a person's patience. */
const RETRY_AFTER_S = 30;

export function errorBody(status: number, message: string): Buffer {
  const body = { error: message, code: status, code_description: STATUS_CODES[status] ?? "Error" };
  return Buffer.from(JSON.stringify(body), "utf8");
}

/** Answers, and reads on for a while so that a client that is still sending sees it. */
export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = errorBody(status, message);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    ...(status === 503 ? { "retry-after": String(RETRY_AFTER_S) } : {}),
    ...(request.complete ? {} : { connection: "close" }),
  } satisfies OutgoingHttpHeaders);
  response.end(body);
  discardRest(request);
}

/** Reads and forgets what the client still sends, up to a bound; then the connection goes. */
export function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  let bytes = 0;
  request.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > DISCARD_BYTES) request.destroy();
  });
  request.on("error", () => {});
  request.resume();
}
