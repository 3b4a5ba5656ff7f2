/** Random JSON documents as text, with the numbers, names and nestings that programs get wrong. */
import * as fc from "fast-check";

const NUMBERS = [
  "0",
  "-0",
  "1",
  "1.0",
  "1e0",
  "1.10",
  "1e2",
  "100",
  "9007199254740993",
  "123456789012345678901234567890",
  "0.1",
  "-0.0",
  "5e-324",
  "1e308",
  "1.7976931348623157e308",
];
const NAMES = ["a", "b", "10", "9", "", "__proto__", "a/b", "~", "é", "😀", "x\u0000y", "\u2028"];

const scalar = fc.oneof(
  fc.constantFrom(...NUMBERS, "true", "false", "null"),
  fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => JSON.stringify(text)),
);

export const jsonText = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie("value"), { maxLength: 6 }).map((elements) => `[${elements.join(",")}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom(...NAMES), tie("value")), {
        maxLength: 5,
        selector: ([name]) => name,
      })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(",")}}`),
  ),
})).value;
