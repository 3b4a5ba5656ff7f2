/**
 * Lines of a file, one at a time and of bounded length.
 */
import { UnusableFile } from "./imported.ts";

const LINE_END = 0x0a;
/** V8's longest string is a little longer: such a line could not be parsed. */
const LONGEST_LINE_BYTES = 500 << 20;

/** Each line without its end; `ended` is false for a last line that has none. */
export async function* linesOf(
  bytes: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly line: Buffer; readonly number: number; readonly ended: boolean }> {
  let number = 1;
  let held: Buffer[] = [];
  let length = 0;
  const take = (): Buffer => {
    const line = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held);
    held = [];
    length = 0;
    return line;
  };
  for await (const piece of bytes) {
    let from = 0;
    for (;;) {
      const end = piece.indexOf(LINE_END, from);
      const part = piece.subarray(from, end < 0 ? undefined : end);
      held.push(part);
      length += part.length;
      if (length > LONGEST_LINE_BYTES) {
        throw new UnusableFile(`line ${number} is longer than ${LONGEST_LINE_BYTES} bytes`);
      }
      if (end < 0) break;
      yield { line: take(), number, ended: true };
      number += 1;
      from = end + 1;
    }
  }
  if (length > 0) yield { line: take(), number, ended: false };
}
