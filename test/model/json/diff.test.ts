import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { diffJson, type JsonDiff } from "../../../src/model/json/diff.ts";
import type { JsonNode } from "../../../src/model/json/node.ts";
import { parseJson } from "../../../src/model/json/parse.ts";
import { renderDiffJson, renderDiffText } from "../../../src/model/json/render.ts";
import { canonicalText } from "../../../src/model/json/text.ts";
import { applyDiff } from "./apply-diff.ts";
import { jsonText } from "./json-arbitrary.ts";

const diff = (before: string, after: string): JsonDiff => diffJson(parseJson(before), parseJson(after));

/** Canonical text with members in order of name. */
function sortedText(node: JsonNode): string {
  if (node.kind === "array") return `[${node.elements.map(sortedText).join(",")}]`;
  if (node.kind !== "object") return canonicalText(node);
  const members = node.members.map(({ name, value }) => `${JSON.stringify(name)}:${sortedText(value)}`);
  return `{${members.sort().join(",")}}`;
}

/** Length of the longest common subsequence, by its definition. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  const [first, ...rest] = a;
  if (first === undefined) return 0;
  const at = b.indexOf(first);
  const without = longestCommon(rest, b);
  return at < 0 ? without : Math.max(without, 1 + longestCommon(rest, b.slice(at + 1)));
}

describe("diffJson", () => {
  test("a document does not differ from itself", () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        expect(diff(text, text)).toEqual([]);
      }),
    );
  });

  test("is empty exactly when the canonical texts are equal", () => {
    fc.assert(
      fc.property(jsonText, jsonText, (a, b) => {
        const equal = canonicalText(parseJson(a)) === canonicalText(parseJson(b));
        expect(diff(a, b).length === 0).toBe(equal);
      }),
    );
  });

  test("its changes, made one after the other, turn the first document into the second", () => {
    fc.assert(
      fc.property(jsonText, jsonText, (a, b) => {
        const [before, after] = [parseJson(a), parseJson(b)];
        const made = applyDiff(before, diffJson(before, after));
        expect(sortedText(made)).toBe(sortedText(after));
      }),
      { numRuns: 1000 },
    );
  });

  test("two arrays differ by what is not in a longest common subsequence, and no more", () => {
    const elements = fc.array(fc.constantFrom("1", "2", "3", "true"), { maxLength: 10 });
    fc.assert(
      fc.property(elements, elements, (a, b) => {
        const changes = diff(`[${a.join(",")}]`, `[${b.join(",")}]`);
        const common = longestCommon(a, b);
        expect(changes.filter((change) => change.kind !== "added")).toHaveLength(a.length - common);
        expect(changes.filter((change) => change.kind !== "removed")).toHaveLength(b.length - common);
      }),
    );
    expect(diff("[1,2,3,4,5]", "[1,3,4,9,5]")).toEqual([
      { path: "/1", kind: "removed", before: "2" },
      { path: "/3", kind: "added", after: "9" },
    ]);
  });

  test("an integer is not a float of the same value, and integers are exact at any size", () => {
    expect(diff('{"n":1}', '{"n":1.0}')).toEqual([
      { path: "/n", kind: "changed", before: "1", after: "1.0" },
    ]);
    expect(diff("9007199254740992", "9007199254740993")).toHaveLength(1);
    expect(diff("[1e2,1.10]", "[100.0,1.1]")).toEqual([]);
  });

  test("members in another order are reported as reordered and nothing else", () => {
    expect(diff('{"o":{"a":1,"b":2,"c":3}}', '{"o":{"c":3,"b":2,"d":4,"a":1}}')).toEqual([
      { path: "/o", kind: "reordered", before: '["a","b","c"]', after: '["c","b","a"]' },
      { path: "/o/d", kind: "added", after: "4" },
    ]);
    expect(diff('[{"a":1,"b":2}]', '[{"b":2,"a":1}]').map((change) => change.kind)).toEqual(["reordered"]);
  });

  test("names with / and ~ are escaped in pointers", () => {
    expect(diff('{"a/b":{"~":1}}', '{"a/b":{"~":2}}')[0]?.path).toBe("/a~1b/~0");
  });

  test("finds the one change in a document nested deeper than the stack", () => {
    const deep = 20_000;
    const document = (leaf: string) => "[".repeat(deep) + leaf + "]".repeat(deep);
    const changes = diff(document("1"), document("2"));
    expect(changes).toHaveLength(1);
    expect(changes[0]?.path).toBe("/0".repeat(deep));
  });

  test("two long arrays without order in common are compared in bounded time", () => {
    const numbers = Array.from({ length: 20_000 }, (_, i) => i);
    const [a, b] = [JSON.stringify(numbers), JSON.stringify(numbers.toReversed())];
    const made = applyDiff(parseJson(a), diff(a, b));
    expect(canonicalText(made)).toBe(b);
  });
});

describe("renderers of a diff", () => {
  const changes = diff(
    '{"same":1,"gone":12345678901234567890,"old":1.0,"o":{"a":1,"b":2}}',
    '{"same":1,"old":"one","o":{"b":2,"a":1},"new":[1.50]}',
  );

  test("text has one line for each side", () => {
    expect(renderDiffText(changes)).toEqual([
      "- /gone: 12345678901234567890",
      "- /old: 1.0",
      '+ /old: "one"',
      '~ /o: ["a","b"] → ["b","a"]',
      "+ /new: [1.50]",
    ]);
  });

  test("JSON embeds both sides without rounding a number", () => {
    expect(renderDiffJson(changes)).toBe(
      '[{"path":"/gone","kind":"removed","before":12345678901234567890},' +
        '{"path":"/old","kind":"changed","before":1.0,"after":"one"},' +
        '{"path":"/o","kind":"reordered","before":["a","b"],"after":["b","a"]},' +
        '{"path":"/new","kind":"added","after":[1.50]}]',
    );
  });
});
