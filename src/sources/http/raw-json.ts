/**
 * A hand scanner over JSON bytes: finds where values end without parsing them, so that document bodies stay the bytes
 * the server sent. It checks structure (brackets, strings), not the spelling of numbers or literals.
 *
 * All positions are byte offsets. A negative result means that the bytes end before the value does.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const UNDERSCORE = 0x5f;

/** Value not complete in the bytes given. */
export const INCOMPLETE = -1;

/** After this many bytes (measured) a native search for the closing quote beats a loop. */
const LONG_STRING_BYTES = 48;

/** Flags of `scanDocument`: a top-level member of that name may exist. Never missing when it does exist. */
export const MAY_BE_DELETED = 1;
export const MAY_HAVE_ATTACHMENTS = 2;

/** The bytes are not the JSON that was expected at this place. */
export class JsonMismatch extends Error {
  override readonly name = "JsonMismatch";
}

export function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
    at++;
  }
  return at;
}

/** End of the string that begins with the quote at `start`. */
export function stringEnd(bytes: Buffer, start: number): number {
  const length = bytes.length;
  const patience = Math.min(length, start + LONG_STRING_BYTES);
  let at = start + 1;
  while (at < patience) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  while (at < length) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return INCOMPLETE;
    // The quote is escaped when an odd number of backslashes stands before it, within what has not been read yet.
    let slashes = quote;
    while (slashes > at && bytes[slashes - 1] === BACKSLASH) slashes--;
    if ((quote - slashes) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
  return INCOMPLETE;
}

/** End of the object or array that begins at `start`. */
function containerEnd(bytes: Buffer, start: number): number {
  const length = bytes.length;
  let depth = 0;
  let at = start;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      at = stringEnd(bytes, at);
      if (at < 0) return INCOMPLETE;
      continue;
    }
    at++;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      if (depth === 0) return at;
    }
  }
  return INCOMPLETE;
}

/** What the last `scanDocument` met: bits of `MAY_BE_DELETED` and `MAY_HAVE_ATTACHMENTS`. */
let documentFlags = 0;

/** As `valueEnd` for the object at `start`; afterwards `lastDocumentFlags` tells of its top-level `_` members. */
export function scanDocument(bytes: Buffer, start: number): number {
  const length = bytes.length;
  let depth = 0;
  let at = start;
  let flags = 0;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      if (depth === 1) {
        const first = bytes[at + 1];
        if (first === UNDERSCORE) {
          const second = bytes[at + 2];
          if (second === 0x64) flags |= MAY_BE_DELETED;
          else if (second === 0x61) flags |= MAY_HAVE_ATTACHMENTS;
          else if (second === BACKSLASH) flags |= MAY_BE_DELETED | MAY_HAVE_ATTACHMENTS;
        } else if (first === BACKSLASH) flags |= MAY_BE_DELETED | MAY_HAVE_ATTACHMENTS;
      }
      // The commonest strings are short: reading them here saves a call for each.
      const patience = Math.min(length, at + LONG_STRING_BYTES);
      let next = at + 1;
      let closed = false;
      while (next < patience) {
        const inside = bytes[next] as number;
        next++;
        if (inside === QUOTE) {
          closed = true;
          break;
        }
        if (inside === BACKSLASH) next++;
      }
      if (!closed) next = stringEnd(bytes, at);
      if (next < 0) return INCOMPLETE;
      at = next;
      continue;
    }
    at++;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth--;
      if (depth === 0) {
        documentFlags = flags;
        return at;
      }
    }
  }
  return INCOMPLETE;
}

export function lastDocumentFlags(): number {
  return documentFlags;
}

/** End of the value that begins at `start` (not a space). Incomplete too when a number or literal touches the end. */
export function valueEnd(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === undefined) return INCOMPLETE;
  if (first === QUOTE) return stringEnd(bytes, start);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return containerEnd(bytes, start);
  if (first === COMMA || first === COLON || first === CLOSE_OBJECT || first === CLOSE_ARRAY) {
    throw new JsonMismatch("a value was expected");
  }
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte <= 0x20 || byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) return at;
  }
  return INCOMPLETE;
}

/** Text of the string between the quotes at `start` and `end - 1`, escapes decoded. */
export function stringText(bytes: Buffer, start: number, end: number): string {
  for (let at = start + 1; at < end - 1; at++) {
    if (bytes[at] === BACKSLASH) return JSON.parse(bytes.toString("utf8", start, end)) as string;
  }
  return bytes.toString("utf8", start + 1, end - 1);
}

/** Called for each member of an object: the key's text and where the value is. False ends the walk. */
export type MemberVisitor = (
  key: string,
  valueStart: number,
  valueEnd: number,
  keyStart: number,
) => boolean | void;

/**
 * Walks the members of the object at `start` (its brace); duplicates come as often as they stand there. Returns the
 * object's end, INCOMPLETE, or the value's end where the visitor stopped.
 */
export function walkMembers(bytes: Buffer, start: number, visit: MemberVisitor): number {
  if (bytes[start] !== OPEN_OBJECT) throw new JsonMismatch("an object was expected");
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    if (at >= bytes.length) return INCOMPLETE;
    if (bytes[at] !== QUOTE) throw new JsonMismatch("a member name was expected");
    const keyStart = at;
    const keyEnd = stringEnd(bytes, at);
    if (keyEnd < 0) return INCOMPLETE;
    at = skipSpace(bytes, keyEnd);
    if (at >= bytes.length) return INCOMPLETE;
    if (bytes[at] !== COLON) throw new JsonMismatch("a colon was expected");
    const from = skipSpace(bytes, at + 1);
    const to = valueEnd(bytes, from);
    if (to < 0) return INCOMPLETE;
    if (visit(stringText(bytes, keyStart, keyEnd), from, to, keyStart) === false) return to;
    at = skipSpace(bytes, to);
    if (at >= bytes.length) return INCOMPLETE;
    if (bytes[at] === CLOSE_OBJECT) return at + 1;
    if (bytes[at] !== COMMA) throw new JsonMismatch("a comma was expected");
    at = skipSpace(bytes, at + 1);
  }
}

/** Calls `visit` with the place of each element of the array at `start` (its bracket). Returns the array's end. */
export function walkElements(
  bytes: Buffer,
  start: number,
  visit: (valueStart: number, valueEnd: number) => void,
): number {
  if (bytes[start] !== OPEN_ARRAY) throw new JsonMismatch("an array was expected");
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    const to = valueEnd(bytes, at);
    if (to < 0) return INCOMPLETE;
    visit(at, to);
    at = skipSpace(bytes, to);
    if (at >= bytes.length) return INCOMPLETE;
    if (bytes[at] === CLOSE_ARRAY) return at + 1;
    if (bytes[at] !== COMMA) throw new JsonMismatch("a comma was expected");
    at = skipSpace(bytes, at + 1);
  }
}
