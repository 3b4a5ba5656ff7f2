/**
 * A request's body on its way: to the service, and to whoever keeps it, at the pace of the slower one.
 */
import type { ClientRequest, IncomingMessage } from "node:http";
import { pairs } from "./headers.ts";

/** Who else takes the body. */
export interface Tee {
  /** False: wait for `room` before the next. */
  append(piece: Buffer): boolean;
  room(): Promise<void>;
  /** The body is whole; resolves when it is written down, or never will be. */
  sent(): Promise<void>;
  /** The service may not have the last of it before `sent` has resolved. */
  readonly strict: boolean;
  /** Set: stop here, for this reason. */
  readonly refusal: string | undefined;
}

export interface BodyEvents {
  /** Everything was handed over. */
  readonly whole: () => void;
  /** The tee can take no more and the upload must not go on. */
  readonly refused: (why: string) => void;
}

/** Bodies from this length on (bytes) begin to travel before their first piece is there; shorter ones go out with the head. */
const EARLY_HEAD_BYTES = 64 * 1024;

/** Returns at once. After an answer has come, or the connection to the service is gone, the rest is read and forgotten. */
export function sendBody(
  request: IncomingMessage,
  upstream: ClientRequest,
  tee: Tee | undefined,
  events: BodyEvents,
): void {
  const length = Number(request.headers["content-length"] ?? Infinity);
  if (hasBody(request) && length > EARLY_HEAD_BYTES) upstream.flushHeaders();
  let received = 0;
  let last: Buffer | undefined;
  let stopped = false;
  /** Whether nothing more is to be sent. */
  const ended = (): boolean => {
    const why = stopped ? undefined : tee?.refusal;
    if (why !== undefined) {
      stopped = true;
      events.refused(why);
    }
    return stopped || upstream.destroyed;
  };
  request.on("data", (piece: Buffer) => {
    const kept = tee?.append(piece) ?? true;
    if (ended()) return;
    received += piece.length;
    // The service acts on the last byte of a known length, not on the end.
    const held = tee?.strict === true && received >= length;
    if (held) last = piece;
    const sent = held || upstream.write(piece);
    if (sent && kept) return;
    request.pause();
    void Promise.all([sent ? undefined : drained(upstream), kept ? undefined : tee?.room()]).then(() =>
      request.resume(),
    );
  });
  const end = (): void => {
    if (ended()) return;
    const trailers = [...pairs(request.rawTrailers)];
    if (trailers.length > 0) upstream.addTrailers(trailers);
    if (last !== undefined) upstream.write(last);
    upstream.end(events.whole);
  };
  request.on("end", () => {
    if (tee?.strict === true) void tee.sent().then(end);
    else end();
  });
  request.resume();
}

export function hasBody(request: IncomingMessage): boolean {
  const length = request.headers["content-length"];
  return request.headers["transfer-encoding"] !== undefined || (length !== undefined && length !== "0");
}

function drained(upstream: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      upstream.off("drain", done);
      upstream.off("close", done);
      resolve();
    };
    upstream.on("drain", done);
    upstream.on("close", done);
  });
}
