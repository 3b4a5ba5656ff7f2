/**
 * One request to a stand-in and its answer: the body as a stream with its gzip undone, the answer written once with the headers that every
 * answer of the service carries, and lost or cut where a fault says so. How a service words its refusals is the stand-in's affair.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Gunzip } from "node:zlib";
import { createGunzip } from "node:zlib";

import type { FaultAction, FaultKind } from "./fault-actions.ts";

export type Headers = Readonly<Record<string, string>>;

/** Largest body that is read into memory: JSON and forms, bytes. */
const MAX_TEXT_BYTES = 32 * 2 ** 20;
const NO_CONTENT = 204;
const NOT_MODIFIED = 304;

export abstract class HttpExchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Where the caller reached this server, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The faults of this request; a stand-in may have kinds of its own. */
  protected readonly faults: readonly { readonly kind: string }[];

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    faults: readonly { readonly kind: string }[],
  ) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    const scheme = "encrypted" in request.socket ? "https" : "http";
    this.origin = `${scheme}://${request.headers.host ?? "localhost"}`;
    this.faults = faults;
  }

  /** The error that the stand-in answers in its service's words. */
  abstract refusal(status: number, reason: string, headers?: Headers): Error;

  /** Content type of JSON answers. */
  protected abstract readonly jsonType: string;

  /** Headers of every answer. */
  protected abstract standardHeaders(): Headers;

  /** By its name in lower case. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(",") : value;
  }

  /** Without parameters, in lower case; undefined if the request has none. */
  get mediaType(): string | undefined {
    return this.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  }

  fault<K extends FaultKind>(kind: K): Extract<FaultAction, { kind: K }> | undefined {
    return this.faults.find((fault) => fault.kind === kind) as Extract<FaultAction, { kind: K }> | undefined;
  }

  /**
   * The body as it arrives, gunzipped if need be. Refuses with 413 beyond `maxBytes`, 415 for another encoding, 400 for gzip that is none,
   * and throws `ClientGone` if the body ends early.
   */
  async *bodyChunks(maxBytes = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
    const encoding = this.header("content-encoding") ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip") {
      throw this.refusal(415, `Unsupported media type '${encoding}'`);
    }
    // Leaving the loop early must leave the connection alone: an answer has still to go through it.
    const source =
      encoding === "gzip" ? this.#gunzipped() : this.request.iterator({ destroyOnReturn: false });
    let total = 0;
    try {
      for await (const chunk of source) {
        total += (chunk as Buffer).length;
        if (total > maxBytes) break;
        yield chunk as Buffer;
      }
    } catch {
      if (this.request.destroyed && !this.request.complete) throw new ClientGone();
      throw this.refusal(400, "The request's body cannot be read");
    }
    if (total > maxBytes) throw this.refusal(413, "Request Entity Too Large");
  }

  async body(maxBytes = MAX_TEXT_BYTES): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.bodyChunks(maxBytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Refuses with 415 for another content type, 400 for anything but a JSON object. */
  async object(): Promise<Record<string, unknown>> {
    const type = this.mediaType;
    if (type !== undefined && type !== "application/json") {
      throw this.refusal(415, `Unsupported media type '${type}'`);
    }
    return parseObject(await this.body(), (reason) => this.refusal(400, reason));
  }

  /** A complete JSON answer. */
  json(status: number, value: unknown, headers: Headers = {}): void {
    this.bytes(status, Buffer.from(JSON.stringify(value)), { "Content-Type": this.jsonType, ...headers });
  }

  /** An answer without a body. */
  empty(status: number, headers: Headers = {}): void {
    this.bytes(status, Buffer.alloc(0), headers);
  }

  bytes(status: number, body: Buffer, headers: Headers = {}): void {
    if (this.fault("answer-lost") !== undefined) {
      this.cut();
      return;
    }
    this.response.writeHead(status, {
      ...this.standardHeaders(),
      ...(status === NO_CONTENT || status === NOT_MODIFIED ? {} : { "Content-Length": String(body.length) }),
      ...headers,
    });
    const limit = this.fault("answer-cut")?.bytes;
    if (limit === undefined) {
      this.response.end(body);
    } else {
      // The bytes in front of the cut have to reach the client; a destroyed socket drops what it still holds.
      this.response.write(body.subarray(0, limit), () => {
        this.cut();
      });
      this.response.flushHeaders();
    }
    // A refusal does not stop its request: the rest of the body is read past, or the answer might not be heard.
    this.request.resume();
  }

  #gunzipped(): Gunzip {
    // Not `pipeline`: it would end the connection together with the unpacking.
    const gunzip = this.request.pipe(createGunzip());
    this.request.once("close", () => {
      if (!this.request.complete) gunzip.destroy();
    });
    return gunzip;
  }

  /** Ends the connection without a further word. */
  cut(): void {
    this.request.socket.destroy();
    this.response.destroy();
  }
}

/** The connection ended before the request did; nobody is left to tell. */
export class ClientGone extends Error {
  constructor() {
    super("client is gone");
    this.name = "ClientGone";
  }
}

/** Throws the refusal for anything but a JSON object in UTF-8. */
export function parseObject(bytes: Buffer, refusal: (reason: string) => Error): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw refusal("Malformed JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw refusal("The request's body is not a JSON object");
  }
  return value as Record<string, unknown>;
}
