/**
 * Streams of bytes in pieces of a handy size.
 */

/** Small pieces are joined up to this size: a write for each few bytes would cost more than the bytes. */
const HANDY_BYTES = 64 << 10;

/** The same bytes, small pieces joined. */
export async function* joined(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < HANDY_BYTES) continue;
    yield waiting.length === 1 ? piece : Buffer.concat(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}

/** One piece as a stream. */
export async function* once(piece: Buffer): AsyncGenerator<Buffer> {
  yield piece;
}
