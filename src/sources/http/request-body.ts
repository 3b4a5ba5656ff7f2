/**
 * What a request may carry, and how it is put on the wire. A body can always be produced again, because a request may
 * have to be sent again.
 */
import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";

/** Bytes, pieces of bytes, or a function that opens the stream anew for each attempt. */
export type RequestBody = Buffer | readonly Buffer[] | (() => AsyncIterable<Buffer>);

export interface WireBody {
  readonly body: Buffer | Readable | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes, where known beforehand. */
  readonly length: number;
}

/** Below this (bytes) gzip costs more time than it saves on the wire. */
const GZIP_FLOOR_BYTES = 1_024;

/** Level 1: restores wait for the server, not for the wire; more effort buys nothing (measured on loopback and LAN). */
const GZIP_LEVEL = 1;

/** The body for one attempt. `compress` is ignored for streams and small bodies. */
export function wireBody(body: RequestBody | undefined, compress: boolean): WireBody {
  if (body === undefined) return { body: null, headers: {}, length: 0 };
  if (typeof body === "function") return { body: Readable.from(body()), headers: {}, length: 0 };
  const bytes = Buffer.isBuffer(body) ? body : Buffer.concat(body);
  if (!compress || bytes.length < GZIP_FLOOR_BYTES) return { body: bytes, headers: {}, length: bytes.length };
  const packed = gzipSync(bytes, { level: GZIP_LEVEL });
  return { body: packed, headers: { "content-encoding": "gzip" }, length: packed.length };
}
