/**
 * zstd for blocks, index pages and chunks. The choices below were measured; see docs/format/segments.md for what a
 * reader must know, which is only "one zstd frame" or "stored".
 */
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from "node:zlib";
import { damaged } from "./damage.ts";

/**
 * Told its size, zstd picks parameters for small inputs: a gain up to 128 KiB (a third of the time), a loss of 4 %
 * in ratio and speed at 256 KiB. So larger inputs go untold.
 */
export const PLEDGE_MAX_BYTES = 128 * 1024;

/** From here on decompression takes over a millisecond and moves to the thread pool. */
const SYNC_MAX_BYTES = 1024 * 1024;

/**
 * Room behind the expected output: a buffer filled to its last byte makes zlib allocate a second one to find the
 * end.
 */
const SLACK_BYTES = 64;

const MIN_OUTPUT_CHUNK_BYTES = 4096;

/** Compressed bytes, or the input itself when compressing does not make it smaller. */
export interface Compressed {
  readonly bytes: Buffer;
  readonly stored: boolean;
}

/** Compresses on the thread pool. `raw` must not change until the promise settles. */
export function compress(raw: Buffer, level: number): Promise<Compressed> {
  const params: Record<number, number> = { [constants.ZSTD_c_compressionLevel]: level };
  const options =
    raw.length <= PLEDGE_MAX_BYTES
      ? { chunkSize: outputChunk(raw.length), params, pledgedSrcSize: raw.length }
      : { chunkSize: outputChunk(raw.length), params };
  return new Promise((resolve, reject) => {
    zstdCompress(raw, options, (error, bytes) => {
      if (error) reject(error);
      else if (bytes.length < raw.length) resolve({ bytes, stored: false });
      else resolve({ bytes: raw, stored: true });
    });
  });
}

/** Exactly `rawLength` bytes, or `object-damaged`. Small inputs at once, large ones on the thread pool. */
export async function decompress(bytes: Buffer, rawLength: number, path: string): Promise<Buffer> {
  return rawLength <= SYNC_MAX_BYTES
    ? decompressNow(bytes, rawLength, path)
    : decompressOnPool(bytes, rawLength, path);
}

export function decompressNow(bytes: Buffer, rawLength: number, path: string): Buffer {
  let raw: Buffer;
  try {
    raw = zstdDecompressSync(bytes, limits(rawLength));
  } catch (error) {
    throw damaged(path, "a compressed piece does not decompress", error);
  }
  return checkLength(raw, rawLength, path);
}

export function decompressOnPool(bytes: Buffer, rawLength: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    zstdDecompress(bytes, limits(rawLength), (error, raw) => {
      if (error) return reject(damaged(path, "a compressed piece does not decompress", error));
      if (raw.length !== rawLength) return reject(wrongLength(raw, rawLength, path));
      resolve(raw);
    });
  });
}

function limits(rawLength: number): { chunkSize: number; maxOutputLength: number } {
  return { chunkSize: rawLength + SLACK_BYTES, maxOutputLength: Math.max(1, rawLength) };
}

function checkLength(raw: Buffer, rawLength: number, path: string): Buffer {
  if (raw.length !== rawLength) throw wrongLength(raw, rawLength, path);
  return raw;
}

function wrongLength(raw: Buffer, rawLength: number, path: string): Error {
  return damaged(path, `a piece decompresses to ${raw.length} bytes instead of ${rawLength}`);
}

/**
 * Size of the buffers that take the output. Node's 16 KiB costs a quarter of the speed; room for the worst case is
 * touched by few inputs and only raises memory until the next garbage collection. Half the input holds nearly all
 * outputs at once.
 */
export function outputChunk(length: number): number {
  return Math.max(MIN_OUTPUT_CHUNK_BYTES, (length >> 1) + SLACK_BYTES);
}
