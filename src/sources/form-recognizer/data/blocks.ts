/**
 * Content cut into pieces of one size, the last one smaller: at most one of them is in memory.
 */

export async function* blocksOf(content: AsyncIterable<Buffer>, blockBytes: number): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let bytes = 0;
  for await (const piece of content) {
    for (let from = 0; from < piece.length;) {
      const part = piece.subarray(from, from + blockBytes - bytes);
      waiting.push(part);
      bytes += part.length;
      from += part.length;
      if (bytes < blockBytes) continue;
      yield Buffer.concat(waiting);
      waiting = [];
      bytes = 0;
    }
  }
  if (bytes > 0) yield Buffer.concat(waiting);
}
