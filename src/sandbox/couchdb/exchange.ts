/**
 * One request and its answer: path and query taken apart, the body read within its limits, the answer written with back-pressure
 * and, where a fault says so, slowly, partly or not at all.
 */
import { isUtf8 } from "node:buffer";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { createGunzip } from "node:zlib";

import { CouchError, badRequest, requestTooLarge } from "./errors.ts";
import type { FaultAction, FaultKind } from "./faults.ts";
import { InvalidJson, JsonReader } from "./json-text.ts";
import { Query } from "./query.ts";
import type { User } from "./user.ts";

type Headers = Readonly<Record<string, string>>;

/** Text waits until there is this much of it, so that small rows do not become small packets. */
const CHUNK_CHARACTERS = 64 * 1024;

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Decoded path segments. */
  readonly segments: readonly string[];
  /** The same, as sent. */
  readonly rawSegments: readonly string[];
  readonly query: Query;
  readonly faults: readonly FaultAction[];
  readonly #maxRequestBytes: number;
  user: User = { name: null, roles: [] };
  /** Headers for whatever answer comes: a renewed cookie, for example. */
  extraHeaders: Record<string, string> = {};
  #sentBytes = 0;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    target: RequestTarget,
    faults: readonly FaultAction[],
    maxRequestBytes: number,
  ) {
    this.request = request;
    this.response = response;
    // A HEAD is answered as the GET would be; node leaves the body out.
    this.method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    this.rawSegments = target.rawSegments;
    this.segments = target.segments;
    this.query = target.query;
    this.faults = faults;
    this.#maxRequestBytes = maxRequestBytes;
  }

  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(",") : value;
  }

  fault<K extends FaultKind>(kind: K): Extract<FaultAction, { kind: K }> | undefined {
    return this.faults.find((fault) => fault.kind === kind) as Extract<FaultAction, { kind: K }> | undefined;
  }

  /** Whether the client takes this content type; an absent `Accept` takes all. */
  accepts(type: string): boolean {
    const accept = this.header("accept");
    if (accept === undefined) return true;
    const family = `${type.split("/")[0]}/*`;
    return accept
      .split(",")
      .map((item) => item.split(";")[0]?.trim())
      .some((item) => item === type || item === family || item === "*/*");
  }

  /** The body as it arrives, gunzipped if need be. Throws 413 beyond the limit, 400 if it ends early. */
  async *bodyChunks(decode = true): AsyncGenerator<Buffer> {
    const announced = Number(this.header("content-length") ?? 0);
    if (announced > this.#maxRequestBytes) throw requestTooLarge();
    const zipped = decode && this.header("content-encoding") === "gzip";
    const source = zipped ? this.request.pipe(createGunzip()) : this.request;
    let total = 0;
    try {
      for await (const chunk of source) {
        total += (chunk as Buffer).length;
        if (total > this.#maxRequestBytes) throw requestTooLarge();
        yield chunk as Buffer;
      }
    } catch (error) {
      if (error instanceof CouchError) throw error;
      throw badRequest("invalid request body");
    }
  }

  async body(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.bodyChunks()) chunks.push(chunk);
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  /** The reader keeps `-0.0`; see {@link JsonReader}. Throws 400 for anything but JSON in UTF-8. */
  async json<T>(read: (reader: JsonReader) => T): Promise<T> {
    return parseJson(await this.body(), read);
  }

  /** The body as a plain JavaScript value, for settings and lists; never for documents. */
  async value(): Promise<unknown> {
    return JSON.parse(await this.json((reader) => reader.value())) as unknown;
  }

  /** As {@link value}. Throws 400 for anything but an object. */
  async object(): Promise<Record<string, unknown>> {
    const value = await this.value();
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw badRequest("Request body must be a JSON object");
    }
    return value as Record<string, unknown>;
  }

  /** Throws 415. */
  requireJson(): void {
    const type = this.header("content-type")?.split(";")[0]?.trim();
    if (type !== "application/json") {
      throw new CouchError(415, "bad_content_type", "Content-Type must be application/json");
    }
  }

  /** A complete JSON answer; `text` without the final newline. */
  async send(status: number, text: string, headers: Headers = {}): Promise<void> {
    const body = Buffer.from(`${text}\n`);
    await this.sendBytes(status, body, { "Content-Type": "application/json", ...headers });
  }

  async sendBytes(status: number, body: Buffer, headers: Headers): Promise<void> {
    this.start(status, { "Content-Length": String(body.length), ...headers });
    await this.write(body);
    await this.end();
  }

  /** Status and headers; without a `Content-Length` the body is chunked. */
  start(status: number, headers: Headers): void {
    this.response.writeHead(status, { "Cache-Control": "must-revalidate", ...this.extraHeaders, ...headers });
  }

  /** Rejects if the client is gone. */
  async write(chunk: Buffer | string): Promise<void> {
    if (chunk.length === 0) return;
    if (this.response.destroyed) throw new ClientGone();
    const cut = this.fault("cut");
    const slow = this.fault("slow");
    if (cut === undefined && slow?.bytesPerSecond === undefined) {
      if (!this.response.write(chunk)) await this.#drained();
      return;
    }
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    const limit = (cut?.bytes ?? Number.POSITIVE_INFINITY) - this.#sentBytes;
    const allowed = bytes.subarray(0, Math.min(bytes.length, limit));
    await this.#trickle(allowed, slow?.bytesPerSecond);
    this.#sentBytes += allowed.length;
    if (cut !== undefined && this.#sentBytes >= cut.bytes) {
      await this.#flushAndDestroy();
      throw new ClientGone();
    }
  }

  /** Writes rows in chunks of a useful size. */
  async writeAll(rows: Iterable<string>): Promise<void> {
    let text = "";
    for (const row of rows) {
      text += row;
      if (text.length < CHUNK_CHARACTERS) continue;
      await this.write(text);
      text = "";
    }
    if (text !== "") await this.write(text);
  }

  async end(): Promise<void> {
    this.response.end();
    await Promise.resolve();
  }

  async #trickle(bytes: Buffer, bytesPerSecond: number | undefined): Promise<void> {
    const step = bytesPerSecond === undefined ? bytes.length : Math.max(1, Math.ceil(bytesPerSecond / 20));
    for (let at = 0; at < bytes.length; at += step) {
      if (this.response.destroyed) throw new ClientGone();
      if (!this.response.write(bytes.subarray(at, at + step))) await this.#drained();
      if (bytesPerSecond !== undefined) await delay((1000 * step) / bytesPerSecond);
    }
  }

  async #flushAndDestroy(): Promise<void> {
    // The bytes before the cut have to reach the client; a destroyed socket drops what it still holds.
    await new Promise<void>((resolve) => {
      this.response.write("", () => {
        resolve();
      });
    });
    this.request.socket.destroy();
    this.response.destroy();
  }

  async #drained(): Promise<void> {
    const aborted = new AbortController();
    const gone = once(this.response, "close", { signal: aborted.signal }).catch(() => undefined);
    const drained = once(this.response, "drain", { signal: aborted.signal }).catch(() => undefined);
    await Promise.race([gone, drained]);
    aborted.abort();
    if (this.response.destroyed) throw new ClientGone();
  }
}

/** The connection ended before the answer did; nobody is left to tell. */
export class ClientGone extends Error {
  constructor() {
    super("client is gone");
    this.name = "ClientGone";
  }
}

/** A request's path and query. */
export interface RequestTarget {
  readonly rawSegments: readonly string[];
  readonly segments: readonly string[];
  readonly query: Query;
}

/** Throws 400 for a percent sign without two digits. */
export function parseTarget(url: string): RequestTarget {
  const mark = url.indexOf("?");
  const path = mark < 0 ? url : url.slice(0, mark);
  // Slashes too many are read over.
  const rawSegments = path.split("/").filter((segment) => segment !== "");
  const segments = rawSegments.map((segment) => decodeSegment(segment));
  return { rawSegments, segments, query: new Query(mark < 0 ? "" : url.slice(mark + 1)) };
}

/** CouchDB 3 takes a bare `+` in a path for a space. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment.replaceAll("+", " "));
  } catch {
    throw badRequest("invalid_url_encoding");
  }
}

/** Throws 400 "invalid UTF-8 JSON". */
export function parseJson<T>(bytes: Buffer, read: (reader: JsonReader) => T): T {
  try {
    if (!isUtf8(bytes)) throw new InvalidJson();
    const reader = new JsonReader(bytes.toString("utf8"), true);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    // A text nested deeper than the stack is refused like any other that cannot be read.
    if (error instanceof InvalidJson || error instanceof RangeError) throw badRequest("invalid UTF-8 JSON");
    throw error;
  }
}
