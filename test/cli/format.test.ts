import { assert, integer, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  countOf,
  countText,
  durationText,
  shortened,
  sizeText,
  timeText,
  visible,
  wrapped,
} from "../../src/cli/format.ts";

describe("numbers for people", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [10_188, "9.9 KiB"],
    [10_240, "10 KiB"],
    [1_048_575, "1.0 MiB"],
    [1_048_576, "1.0 MiB"],
    [34 * 1024 ** 3, "34 GiB"],
    [5 * 1024 ** 6, "5120 PiB"],
  ])("show %d bytes as %s", (bytes, text) => {
    expect(sizeText(bytes)).toBe(text);
  });

  it.each([
    [0, "0 ms"],
    [999, "999 ms"],
    [999.6, "1.0 s"],
    [4_249, "4.2 s"],
    [9_949, "9.9 s"],
    [9_951, "10 s"],
    [59_499, "59 s"],
    [59_501, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_599_400, "59 min 59 s"],
    [3_599_600, "1 h 00 min"],
    [8_040_000, "2 h 14 min"],
  ])("show %d ms as %s", (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it("never show sixty seconds or sixty minutes", () => {
    assert(
      property(integer({ min: 0, max: 400_000_000 }), (ms) => {
        expect(durationText(ms)).not.toMatch(/\b60 (s|min)\b/);
      }),
    );
  });

  it("group thousands and agree with their noun", () => {
    expect([0, 999, 1_000, 1_204_311].map(countText)).toEqual(["0", "999", "1,000", "1,204,311"]);
    expect([countOf(1, "item"), countOf(2_000, "item"), countOf(3, "body", "bodies")]).toEqual([
      "1 item",
      "2,000 items",
      "3 bodies",
    ]);
  });

  it("show times in whole seconds, UTC, and say where there is none", () => {
    expect(timeText("2026-11-21T03:12:09.123Z")).toBe("2026-11-21T03:12:09Z");
    expect(timeText("2026-11-21T03:12:09Z")).toBe("2026-11-21T03:12:09Z");
    expect(timeText(null)).toBe("–");
  });
});

describe("foreign text", () => {
  it("cannot move the cursor, start a line, or turn the writing direction", () => {
    expect(visible("a\u001b[2Jb\nc\u202ed\u0085")).toBe("a\\u001b[2Jb\\u000ac\\u202ed\\u0085");
    assert(
      property(string({ unit: "binary" }), (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u);
      }),
    );
  });

  it("is left as it is otherwise", () => {
    expect(visible('Köln 漢字 👩‍🚒 {"a":1}')).toBe('Köln 漢字 👩‍🚒 {"a":1}');
  });

  it("is cut between characters, never longer than the room", () => {
    expect(shortened("abcdef", 6)).toBe("abcdef");
    expect(shortened("abcdefg", 6)).toBe("abcde…");
    expect(shortened("👍👍👍", 2)).toBe("👍…");
  });

  it("is wrapped at blanks without losing a word", () => {
    expect(wrapped("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrapped("a-word-that-is-too-long b", 5)).toEqual(["a-word-that-is-too-long", "b"]);
    expect(wrapped("one\ntwo", 80)).toEqual(["one", "two"]);
  });
});
