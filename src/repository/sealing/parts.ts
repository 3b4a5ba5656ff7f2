/**
 * Several byte strings as one, so that no two different lists give the same bytes: each part with its length before
 * it. Whatever is bound into a key or a box from more than one part goes through here.
 */

/** Bytes of a part's length: unsigned, big-endian. */
const LENGTH_BYTES = 4;

/** Text is taken as UTF-8. */
export function lengthPrefixed(...parts: readonly (string | Buffer)[]): Buffer {
  const pieces: Buffer[] = [];
  for (const part of parts) {
    const bytes = typeof part === "string" ? Buffer.from(part, "utf8") : part;
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32BE(bytes.length);
    pieces.push(length, bytes);
  }
  return Buffer.concat(pieces);
}
