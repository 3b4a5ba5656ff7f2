/**
 * A bare HTTP client for these tests: no retries, no decoding, paths sent exactly as given.
 */
import { once } from "node:events";
import { request } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every form
  json(): any;
}

export interface Ask {
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, a string or buffer as it is. */
  readonly body?: unknown;
  /** `name:password`; null: none. Default admin:admin. */
  readonly auth?: string | null;
}

/** One request. Rejects if the connection breaks before the answer is complete. */
export async function send(base: string, method: string, path: string, ask: Ask = {}): Promise<Answer> {
  const { hostname, port } = new URL(base);
  const headers: Record<string, string> = { accept: "application/json", ...ask.headers };
  const auth = ask.auth === undefined ? "admin:admin" : ask.auth;
  if (auth !== null) headers["authorization"] = `Basic ${Buffer.from(auth).toString("base64")}`;
  let body: Buffer | string | undefined;
  if (Buffer.isBuffer(ask.body) || typeof ask.body === "string") body = ask.body;
  else if (ask.body !== undefined) body = JSON.stringify(ask.body);
  if (body !== undefined) {
    headers["content-type"] ??= "application/json";
    headers["content-length"] ??= String(Buffer.byteLength(body));
  }
  const outgoing = request({ hostname, port, method, path, headers });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const text = bytes.toString("utf8");
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: bytes,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}

/** `send` bound to one server. */
export function client(base: string): (method: string, path: string, ask?: Ask) => Promise<Answer> {
  return async (method, path, ask) => send(base, method, path, ask);
}
