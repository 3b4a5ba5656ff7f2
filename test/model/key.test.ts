import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeys, keyAfterPrefix, keyOf, keyText, sortableKey } from "../../src/model/key.ts";

const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));

describe("keys", () => {
  it("sort as bytes, also above U+FFFF where UTF-16 order differs", () => {
    const emoji = "\u{1F600}";
    const private_use = "\uE000";
    expect(emoji < private_use).toBe(true);
    expect(compareKeys(keyOf(emoji), keyOf(private_use))).toBeGreaterThan(0);
  });

  it("have sortable strings whose order is byte order", () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const order = sortableKey(a) < sortableKey(b) ? -1 : sortableKey(a) > sortableKey(b) ? 1 : 0;
        expect(order).toBe(compareKeys(a, b));
      }),
    );
  });

  it("lie before keyAfterPrefix exactly when they start with the prefix or sort before it", () => {
    fc.assert(
      fc.property(bytes, bytes, (prefix, key) => {
        const after = keyAfterPrefix(prefix);
        const inside = compareKeys(key, prefix) >= 0 && (after === undefined || compareKeys(key, after) < 0);
        expect(inside).toBe(key.subarray(0, prefix.length).equals(prefix));
      }),
    );
  });

  it("keep text that is UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(keyText(keyOf(text))).toBe(text);
      }),
    );
  });
});
