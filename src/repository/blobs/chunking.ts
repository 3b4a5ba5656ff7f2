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

/** Buffers of exactly `CHUNK_BYTES`, the last one shorter; none for an empty stream. */
export async function* chunksOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content) {
    let rest = piece;
    while (bytes + rest.length >= CHUNK_BYTES) {
      const taken = rest.subarray(0, CHUNK_BYTES - bytes);
      rest = rest.subarray(taken.length);
      yield Buffer.concat([...pieces, taken]);
      pieces = [];
      bytes = 0;
    }
    if (rest.length > 0) {
      // A copy: the stream may use its buffer again.
      pieces.push(Buffer.from(rest));
      bytes += rest.length;
    }
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}

/** Whether a blob that begins with `first` is worth compressing. */
export async function compresses(encoding: BlobEncoding, first: Buffer): Promise<boolean> {
  if (encoding === "gzip") return false;
  const sample = first.subarray(0, SAMPLE_BYTES);
  const { bytes } = await compress(sample, CHUNK_LEVEL);
  return bytes.length < sample.length * WORTHWHILE_RATIO;
}
