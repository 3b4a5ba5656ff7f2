/**
 * Which format a file is in, by its first bytes.
 */
import { NDJSON_FORMAT } from "./ndjson/format.ts";

export const EXCHANGE_FORMATS = ["couchbackup", "ndjson", "tar"] as const;

export type ExchangeFormat = (typeof EXCHANGE_FORMATS)[number];

/** Bytes needed to tell. */
export const TELLING_BYTES = 512;

const TAR_MAGIC = "ustar";
const TAR_MAGIC_AT = 257;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

/** Whether the file is compressed as a whole. */
export function isGzip(head: Buffer): boolean {
  return head.subarray(0, GZIP_MAGIC.length).equals(GZIP_MAGIC);
}

/** couchbackup files of old have no mark, so everything unmarked is held for one. */
export function detectFormat(head: Buffer): ExchangeFormat {
  if (head.toString("latin1", TAR_MAGIC_AT, TAR_MAGIC_AT + TAR_MAGIC.length) === TAR_MAGIC) return "tar";
  return head.toString("latin1").startsWith(`{"format":"${NDJSON_FORMAT}"`) ? "ndjson" : "couchbackup";
}
