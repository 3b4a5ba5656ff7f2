/**
 * A document's text as it may stand on a line.
 *
 * Every character beyond ASCII becomes an escape. U+2028 and U+2029 must, because readers take them for line ends; the
 * others do because couchrestore 2.11 decodes its input piece by piece and turns a character that lies across two pieces
 * into U+FFFD. To a JSON parser nothing changes.
 */

const SPECIAL = /[\u007f-\uffff\n\r]/g;

/** Line ends can only stand between tokens: inside a string JSON does not allow them. */
export function lineText(text: Buffer): Buffer {
  if (isPlain(text)) return text;
  const escaped = text
    .toString("utf8")
    .replace(SPECIAL, (character) =>
      character === "\n" || character === "\r"
        ? " "
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  return Buffer.from(escaped, "latin1");
}

function isPlain(text: Buffer): boolean {
  for (const byte of text) if (byte >= 0x7f || byte === 0x0a || byte === 0x0d) return false;
  return true;
}
