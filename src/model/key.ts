/**
 * Item keys: path-like byte strings, ordered as bytes.
 *
 * Never order keys as JavaScript strings: UTF-16 order differs from UTF-8 byte order above U+FFFF, and a
 * segment sorted the wrong way cannot be searched.
 */

/** The name of an item inside its task: any bytes, usually UTF-8 text. */
export type ItemKey = Buffer;

/** Byte order: the one order of segments, listings and merges. Negative when `a` comes first. */
export function compareKeys(a: ItemKey, b: ItemKey): number {
  return Buffer.compare(a, b);
}

/** The key of an item whose name is text. */
export function keyOf(name: string): ItemKey {
  return Buffer.from(name, "utf8");
}

/** The key as text for people; bytes that are not UTF-8 become U+FFFD, so never parse the result back. */
export function keyText(key: ItemKey): string {
  return key.toString("utf8");
}

/** A string of one character per byte: JavaScript's `<` on two of them is byte order, and much faster than `compareKeys`. */
export function sortableKey(key: ItemKey): string {
  return key.toString("latin1");
}

/** The smallest key greater than every key that starts with `prefix`; undefined when there is none (all 0xff). */
export function keyAfterPrefix(prefix: ItemKey): ItemKey | undefined {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix[end - 1] as number;
    if (last < 0xff) {
      const after = Buffer.from(prefix.subarray(0, end));
      after[end - 1] = last + 1;
      return after;
    }
  }
  return undefined;
}
