/**
 * One request and its answer: the address taken apart, the body as a stream with its gzip undone, the answer written once with the
 * headers that every answer of the services carries, and lost or cut where a fault says so.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Gunzip } from "node:zlib";
import { createGunzip } from "node:zlib";

import { randomHex } from "../../model/clock.ts";
import type { Address } from "./address.ts";
import { WatsonError, badRequest, tooLarge, unsupportedMediaType } from "./errors.ts";
import type { FaultAction, FaultKind } from "./faults.ts";

type Headers = Readonly<Record<string, string>>;

/** Bytes of the random transaction id that an answer carries when its request brought none. */
const TRANSACTION_BYTES = 16;
/** Largest body that is read into memory: JSON and forms, bytes. */
const MAX_TEXT_BYTES = 32 * 2 ** 20;
const TRANSACTION_HEADER = "X-Global-Transaction-Id";

export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly address: Address;
  readonly instance: string;
  readonly query: URLSearchParams;
  /** Where the caller reached this server, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  readonly transactionId: string;
  readonly #faults: readonly FaultAction[];

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    address: Address,
    faults: readonly FaultAction[],
  ) {
    this.request = request;
    this.response = response;
    this.method = request.method ?? "GET";
    this.address = address;
    this.instance = address.instance;
    this.query = address.query;
    const scheme = "encrypted" in request.socket ? "https" : "http";
    this.origin = `${scheme}://${request.headers.host ?? "localhost"}`;
    this.transactionId = this.header("x-global-transaction-id") ?? randomHex(TRANSACTION_BYTES);
    this.#faults = faults;
  }

  /** The service's URL as the caller wrote it: everything in front of `/v1/`. */
  get serviceUrl(): string {
    return this.origin + this.address.prefix;
  }

  /** By its name in lower case. */
  header(name: string): string | undefined {
    const value = this.request.headers[name];
    return Array.isArray(value) ? value.join(",") : value;
  }

  /** Without parameters, in lower case; undefined if the request has none. */
  get mediaType(): string | undefined {
    return this.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  }

  /** The label that `X-Watson-Metadata` gives the data of this request. */
  get customerId(): string | undefined {
    return /(?:^|;)\s*customer_id=([^;=]*)/.exec(this.header("x-watson-metadata") ?? "")?.[1];
  }

  fault<K extends FaultKind>(kind: K): Extract<FaultAction, { kind: K }> | undefined {
    return this.#faults.find((fault) => fault.kind === kind) as Extract<FaultAction, { kind: K }> | undefined;
  }

  /**
   * The body as it arrives, gunzipped if need be. Throws 413 beyond `maxBytes`, 415 for another encoding, 400 for gzip that is none, and
   * `ClientGone` if the body ends early.
   */
  async *bodyChunks(maxBytes = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
    const encoding = this.header("content-encoding") ?? "identity";
    if (encoding !== "identity" && encoding !== "gzip") throw unsupportedMediaType(encoding);
    // Leaving the loop early must leave the connection alone: an answer has still to go through it.
    const source =
      encoding === "gzip" ? this.#gunzipped() : this.request.iterator({ destroyOnReturn: false });
    let total = 0;
    try {
      for await (const chunk of source) {
        total += (chunk as Buffer).length;
        if (total > maxBytes) throw tooLarge();
        yield chunk as Buffer;
      }
    } catch (error) {
      if (error instanceof WatsonError) throw error;
      if (this.request.destroyed && !this.request.complete) throw new ClientGone();
      throw badRequest("The request's body cannot be read");
    }
  }

  async body(maxBytes = MAX_TEXT_BYTES): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.bodyChunks(maxBytes)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Throws 415 for another content type, 400 for anything but a JSON object. */
  async object(): Promise<Record<string, unknown>> {
    const type = this.mediaType;
    if (type !== undefined && type !== "application/json") throw unsupportedMediaType(type);
    return objectOf(await this.body());
  }

  async form(): Promise<URLSearchParams> {
    return new URLSearchParams((await this.body()).toString("utf8"));
  }

  /** A complete JSON answer. */
  json(status: number, value: unknown, headers: Headers = {}): void {
    const body = Buffer.from(JSON.stringify(value));
    this.bytes(status, body, { "Content-Type": "application/json;charset=utf-8", ...headers });
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
      "Cache-Control": "no-store",
      [TRANSACTION_HEADER]: this.transactionId,
      ...(status === 204 || status === 304 ? {} : { "Content-Length": String(body.length) }),
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

/** Throws 400 for anything but a JSON object in UTF-8. */
export function objectOf(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw badRequest("Malformed JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw badRequest("The request's body is not a JSON object");
  }
  return value as Record<string, unknown>;
}
