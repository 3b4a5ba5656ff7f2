import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  carriedMarks,
  isMarkedCopy,
  markedWords,
  marksOf,
  marksOfOrigin,
} from "../../../src/sources/form-recognizer/copy/lineage.ts";
import type { ListedModel } from "../../../src/sources/form-recognizer/service/face.ts";

const EAST = { endpoint: "https://Forms-East.cognitiveservices.azure.com" };
const WEST = { endpoint: "https://forms-west.cognitiveservices.azure.com" };

const MODEL: ListedModel = {
  kind: "models",
  id: "invoices",
  status: "ready",
  description: "Invoices",
  created: "2026-01-01T00:00:00Z",
  apiVersion: "2024-11-30",
  tags: { team: "ap" },
};
const CLASSIFIER: ListedModel = { ...MODEL, kind: "classifiers", id: "sorter" };

/** What the target shows of a copy: the words that it was given, of classifiers without tags. */
function copyOf(original: ListedModel, of = EAST): ListedModel {
  const words = markedWords(original, marksOf(of, original));
  return { ...original, id: "copy", ...words, ...(original.kind === "classifiers" ? { tags: {} } : {}) };
}

describe("the marks of a copy", () => {
  it.for([MODEL, CLASSIFIER])("prove of which state of which $kind of which resource it is", (original) => {
    const copy = copyOf(original);
    expect(isMarkedCopy(copy, EAST, original)).toBe(true);
    expect(
      isMarkedCopy(copy, { endpoint: "https://forms-east.cognitiveservices.azure.com/" }, original),
    ).toBe(true);
    expect(isMarkedCopy(copy, WEST, original)).toBe(false);
    expect(isMarkedCopy(copy, EAST, { ...original, id: "other" })).toBe(false);
    expect(isMarkedCopy(copy, EAST, { ...original, modified: "2026-02-01T00:00:00Z" })).toBe(false);
    expect(isMarkedCopy(original, EAST, original)).toBe(false);
  });

  it("stand beside the original's own tags and description, and replace those of an earlier copying", () => {
    const first = copyOf(MODEL);
    expect(first).toMatchObject({ description: "Invoices", tags: { team: "ap", "dr.model": "invoices" } });
    const second = copyOf(first, WEST);
    expect(second.tags).toEqual({
      team: "ap",
      "dr.src": expect.stringMatching(/^[0-9a-f]{16}$/),
      "dr.model": "copy",
      "dr.ver": expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(marksOfOrigin(WEST, second)).toEqual(carriedMarks(second));
    expect(marksOfOrigin(EAST, second)).toBeUndefined();
    expect(copyOf(copyOf(CLASSIFIER), WEST).description).toMatch(/^Invoices \[dr:[0-9a-f]{16}\]$/);
  });

  it("fit into any description of a classifier, and are found in it", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 4096 }), (description) => {
        const original = { ...CLASSIFIER, description };
        const copy = copyOf(original);
        expect(copy.description?.length).toBeLessThanOrEqual(4096);
        expect(isMarkedCopy(copy, EAST, original)).toBe(true);
      }),
      { examples: [["x".repeat(4096)], [""]] },
    );
  });
});
