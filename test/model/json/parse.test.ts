import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../../src/model/json/parse.ts";
import { canonicalText, jsonText } from "../../../src/model/json/text.ts";
import { canonicalNumber } from "../../../src/model/json/number.ts";
import { jsonText as anyJson } from "./json-arbitrary.ts";

const DEEP = 200_000;

function accepts(read: (text: string) => unknown, text: string): boolean {
  try {
    read(text);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

describe("parseJson", () => {
  test("writing what was read gives the same compact text, for any document", () => {
    fc.assert(
      fc.property(anyJson, (text) => {
        expect(jsonText(parseJson(text))).toBe(text);
        expect(jsonText(parseJson(Buffer.from(text)))).toBe(text);
      }),
    );
  });

  test("agrees with JSON.parse about what is a document", () => {
    const fragments = ["{", "}", "[", "]", ":", ",", '"a"', '"\\u00', "1", "-", "01", ".5", "1.", "tru"];
    const pieces = fc.array(fc.constantFrom(...fragments, "true", " ", "\n", "\u00a0", '"\u0001"'));
    fc.assert(
      fc.property(
        fc.oneof(
          pieces.map((all) => all.join("")),
          anyJson,
        ),
        (text) => {
          expect(accepts(parseJson, text)).toBe(accepts(JSON.parse, text));
        },
      ),
      { numRuns: 500 },
    );
  });

  test("keeps the order of members, integer-like names and __proto__ among them", () => {
    const node = parseJson('{"b":1,"10":2,"2":3,"__proto__":4}');
    expect(node.kind === "object" && node.members.map((member) => member.name)).toEqual([
      "b",
      "10",
      "2",
      "__proto__",
    ]);
  });

  test("resolves repeated members to the last one and names them", () => {
    const node = parseJson('{"a":1,"b":2,"a":3,"c":4,"a":5}');
    expect(jsonText(node)).toBe('{"b":2,"c":4,"a":5}');
    expect(node.kind === "object" && node.duplicates).toEqual(["a"]);
  });

  test("reads and writes documents nested deeper than the stack", () => {
    const arrays = "[".repeat(DEEP) + "]".repeat(DEEP);
    expect(jsonText(parseJson(arrays))).toBe(arrays);
    const objects = '{"a":'.repeat(DEEP) + "1.0" + "}".repeat(DEEP);
    expect(canonicalText(parseJson(objects))).toBe(objects);
  });

  test("refuses bytes that are not UTF-8", () => {
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(TypeError);
  });
});

describe("canonicalNumber", () => {
  test.each([
    ["1", "1"],
    ["-0", "0"],
    ["1.0", "1.0"],
    ["1e2", "100.0"],
    ["100.00", "100.0"],
    ["1.10", "1.1"],
    ["-0.0", "0.0"],
    ["5e-324", "0.0"],
    ["1e-323", "1e-323"],
    ["1e-310", "1e-310"],
    ["123456789012345678901234567890", "123456789012345678901234567890"],
    ["0.1e1", "1.0"],
    ["1E400", "1e400"],
  ])("%s is %s to CouchDB", (written, normalised) => {
    expect(canonicalNumber(written)).toBe(normalised);
  });
});
