/**
 * Cutting a stream into chunks of one size, and deciding whether compressing them pays.
 */
import { compress } from "../segment/compression.ts";
import type { BlobEncoding } from "../../model/version.ts";

/** Raw bytes of a chunk: large enough to compress well, small enough to hold a few in memory. */
export const CHUNK_BYTES = 1024 * 1024;

/** zstd level: as segments have it. */
export const CHUNK_LEVEL = 3;

/** How much of a blob is tried before all of it is compressed. */
const SAMPLE_BYTES = 64 * 1024;
/** Images, audio and archives come out at 98 % and more; text at a third. */
const WORTHWHILE_RATIO = 0.95;

/** Buffers of exactly `CHUNK_BYTES`, the last one shorter; none for an empty stream. Each is the consumer's own. */
export async function* chunksOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunk = Buffer.alloc(0);
  let filled = 0;
  let whole = 0;
  for await (const piece of content) {
    for (let at = 0; at < piece.length;) {
      if (filled === chunk.length) chunk = larger(chunk, filled + piece.length - at, whole > 0);
      const copied = piece.copy(chunk, filled, at);
      at += copied;
      filled += copied;
      if (filled < CHUNK_BYTES) continue;
      yield chunk;
      whole++;
      chunk = Buffer.alloc(0);
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/** Room for more; most blobs are far smaller than a chunk, those that are not get whole ones. */
function larger(chunk: Buffer, wanted: number, large: boolean): Buffer<ArrayBuffer> {
  const size = large ? CHUNK_BYTES : Math.min(CHUNK_BYTES, Math.max(wanted, chunk.length * 2));
  const next = Buffer.allocUnsafeSlow(size);
  chunk.copy(next);
  return next;
}

/** Whether a blob that begins with `first` is worth compressing. */
export async function compresses(encoding: BlobEncoding, first: Buffer): Promise<boolean> {
  if (encoding === "gzip") return false;
  const sample = first.subarray(0, SAMPLE_BYTES);
  const { bytes } = await compress(sample, CHUNK_LEVEL);
  return bytes.length < sample.length * WORTHWHILE_RATIO;
}
