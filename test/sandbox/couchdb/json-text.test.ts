/**
 * JSON as CouchDB 3.5.0 gives it back: every pair of the table was seen on a real server.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { InvalidJson, normaliseJson, quote, unquote } from "../../../src/sandbox/couchdb/json-text.ts";

const KEPT: readonly (readonly [sent: string, shown: string])[] = [
  ["1", "1"],
  ["-0", "0"],
  ["1.0", "1.0"],
  ["-0.0", "0.0"],
  ["1e2", "100.0"],
  ["1E5", "100000.0"],
  ["1e+", "1.0"],
  ["1.10", "1.1"],
  ["1.5e300", "1.5e+300"],
  ["1e20", "100000000000000000000.0"],
  ["1e21", "1e+21"],
  ["1e-6", "0.000001"],
  ["0.0000001", "1e-7"],
  ["5e-324", "0.0"],
  ["2.5e-310", "2.5e-310"],
  ["1e-400", "0.0"],
  ["1.7976931348623157e308", "1.7976931348623157e+308"],
  [
    "12345678901234567890123456789012345678901234567890",
    "12345678901234567890123456789012345678901234567890",
  ],
  ["-9223372036854775809", "-9223372036854775809"],
  ["9007199254740993", "9007199254740993"],
  ["0.30000000000000004", "0.30000000000000004"],
  ['"\\u0041\\u00e9\\u2028\\/"', '"Aé\u2028/"'],
  ['"\\u001f\\u001F\\u007f"', '"\\u001F\\u001F\u007f"'],
  ['"\\b\\f\\n\\r\\t\\\\\\""', '"\\b\\f\\n\\r\\t\\\\\\""'],
  ['"\\u0000"', '"\\u0000"'],
  ['"\\ud83d\\ude00"', '"😀"'],
  ['{"b":1,"a":2,"10":3,"2":4}', '{"b":1,"a":2,"10":3,"2":4}'],
  ['{"a":1,"b":2,"a":3}', '{"b":2,"a":3}'],
  ['{"\\u0061":1,"a":2}', '{"a":2}'],
  [' { "a" : [ 1 , { } , [ ] , null , true ] } ', '{"a":[1,{},[],null,true]}'],
];

test.each(KEPT)("gives %s back as %s", (sent, shown) => {
  expect(normaliseJson(sent)).toBe(shown);
});

const REFUSED = [
  "1e400",
  "-1e400",
  "1.5e400",
  "01",
  "+1",
  "1.",
  ".5",
  "1e",
  "-",
  "NaN",
  "tru",
  '"a',
  '"\\x"',
  '"\\ud83d"',
  '"\\ude00"',
  '"\\ud83d\\u0041"',
  '"\t"',
  "[1,]",
  "[1 2]",
  '{"a":1,}',
  "{a:1}",
  '{"a"}',
  "{} {}",
  "",
  "\ufeff1",
];

test.each(REFUSED)("refuses %j", (text) => {
  expect(() => normaliseJson(text)).toThrow(InvalidJson);
});

test("takes any depth", () => {
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  expect(normaliseJson(deep)).toBe(deep);
});

const json = fc.json({ maxDepth: 5 });

test("normalising means the same to JSON.parse, and once is enough", () => {
  fc.assert(
    fc.property(json, (text) => {
      // Numbers so small that CouchDB rounds them its own way are in the table above.
      fc.pre(!/e-3\d\d/.test(text));
      const once = normaliseJson(text);
      // JavaScript has one zero in JSON, and so has CouchDB.
      expect(JSON.stringify(JSON.parse(once))).toBe(JSON.stringify(JSON.parse(text)));
      expect(normaliseJson(once)).toBe(once);
    }),
    { numRuns: 500 },
  );
});

test("white space between tokens changes nothing", () => {
  fc.assert(
    fc.property(json, (text) => {
      const parsed: unknown = JSON.parse(text);
      expect(normaliseJson(JSON.stringify(parsed, null, 3))).toBe(normaliseJson(JSON.stringify(parsed)));
    }),
  );
});

test("strings survive quoting and unquoting", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(unquote(quote(text))).toBe(text);
      expect(normaliseJson(quote(text))).toBe(quote(text));
    }),
  );
});
