/**
 * Base64 as a stream, both ways: attachments are larger than memory.
 */

/** Bytes in a group of four characters. */
const GROUP_BYTES = 3;
const GROUP_CHARACTERS = 4;
const NOTHING = Buffer.alloc(0);

/** The text is not base64. */
export class NotBase64 extends Error {
  override readonly name = "NotBase64";
}

/** Length of the text that `bytes` bytes become. */
export function base64Length(bytes: number): number {
  return Math.ceil(bytes / GROUP_BYTES) * GROUP_CHARACTERS;
}

/** Pieces of the text, as ASCII bytes. */
export async function* encodeBase64(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = NOTHING;
  for await (const piece of content) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % GROUP_BYTES);
    // A copy: the piece belongs to whoever yielded it.
    rest = Buffer.from(bytes.subarray(whole));
    if (whole > 0) yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
  }
  if (rest.length > 0) yield Buffer.from(rest.toString("base64"), "latin1");
}

const CHARACTERS = /^[A-Za-z0-9+/]*={0,2}$/;
/** Characters decoded at a time: texts of this length are short-lived to V8, longer ones pile up until a full collection. */
const SLICE = 16 << 10;

/** The bytes that the text in `pieces` stands for. Throws `NotBase64` for anything else than padded base64. */
export async function* decodeBase64(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest = "";
  let ended = false;
  for await (const piece of pieces) {
    const bytes = Buffer.allocUnsafe(piece.length + rest.length);
    let length = 0;
    for (let from = 0; from < piece.length; from += SLICE) {
      const text = rest + piece.toString("latin1", from, from + SLICE);
      const whole = text.length - (text.length % GROUP_CHARACTERS);
      rest = text.slice(whole);
      if (whole === 0) continue;
      const groups = text.slice(0, whole);
      if (ended || !CHARACTERS.test(groups)) throw new NotBase64("the content is not base64");
      ended = groups.endsWith("=");
      length += bytes.write(groups, length, "base64");
    }
    if (length > 0) yield bytes.subarray(0, length);
  }
  if (rest !== "") throw new NotBase64("the base64 content is cut off");
}
