import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { copyNames } from "../../../src/sources/form-recognizer/copy/naming.ts";

function first(count: number, wanted: string, version: string): string[] {
  const names: string[] = [];
  for (const name of copyNames(wanted, version)) if (names.push(name) === count) break;
  return names;
}

/** Ids that the service lets people choose. */
const ids = fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9._~-]{1,63}$/);

describe("names of copies", () => {
  it("begin with the original's own", () => {
    expect(first(3, "invoices", "invoices|2026-01-01T00:00:00Z|2024-11-30")).toEqual([
      "invoices",
      "invoices.39189180a",
      "invoices.39189180b",
    ]);
  });

  it("never are those of the service's own models", () => {
    const names = first(3, "prebuilt-invoice", "v");
    expect(names.filter((name) => name.toLowerCase().startsWith("prebuilt-"))).toEqual([]);
  });

  it("go on after the letters have come to their end", () => {
    const names = first(1 + 26 * 28, "a1", "v");
    expect(new Set(names).size).toBe(names.length);
    expect(names[26]?.at(-1)).toBe("z");
    expect(names[27]?.slice(-2)).toBe("ba");
  });

  it("are always such as the service takes, and none comes twice", () => {
    fc.assert(
      fc.property(fc.oneof(ids, fc.string()), fc.string(), (wanted, version) => {
        const names = first(60, wanted, version);
        expect(new Set(names).size).toBe(60);
        for (const name of names) expect(name).toMatch(/^(?!prebuilt-)[a-zA-Z0-9][a-zA-Z0-9._~-]{1,63}$/);
      }),
    );
  });

  it("tell two states of one model apart", () => {
    fc.assert(
      fc.property(ids, fc.string(), fc.string(), (wanted, one, other) => {
        fc.pre(one !== other);
        const names = new Set(first(27, wanted, one).slice(1));
        expect(first(27, wanted, other).filter((name) => names.has(name))).toEqual([]);
      }),
    );
  });
});
