/**
 * Footers and index pages: small structures full of similar keys, compressed as a whole before they are sealed.
 * Method (0 stored, 1 zstd), raw length as varint, payload.
 */
import { ByteReader, ByteWriter } from "./bytes.ts";
import { compress, decompress } from "./compression.ts";
import { damaged } from "./damage.ts";

/** No footer of ours is near this; it bounds what a forged length can make a reader allocate. */
const MAX_RAW_BYTES = 1 << 30;

export async function wrapEnvelope(plain: Buffer, level: number): Promise<Buffer> {
  const { bytes, stored } = await compress(plain, level);
  return new ByteWriter()
    .u8(stored ? 0 : 1)
    .varint(plain.length)
    .raw(bytes)
    .finish();
}

export async function unwrapEnvelope(envelope: Buffer, path: string): Promise<Buffer> {
  const reader = new ByteReader(envelope, path);
  const method = reader.u8();
  const rawLength = reader.varint();
  const payload = envelope.subarray(reader.at);
  if (rawLength > MAX_RAW_BYTES) throw damaged(path, "a structure inside it claims an impossible size");
  if (method === 1) return decompress(payload, rawLength, path);
  if (method !== 0 || payload.length !== rawLength)
    throw damaged(path, "a structure inside it contradicts itself");
  return payload;
}
