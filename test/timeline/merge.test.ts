import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareKeys, keyOf } from "../../src/model/key.ts";
import type { Version } from "../../src/model/version.ts";
import { mergeNewest, type SortedVersions } from "../../src/timeline/merge.ts";

function version(key: string, revision: string): Version {
  return {
    key: keyOf(key),
    kind: "live",
    revision,
    observation: { run: "", at: 0, sequence: "" },
    fingerprint: Buffer.alloc(8),
    parts: [],
    blobs: [],
  };
}

async function* inBatches(versions: readonly Version[], sizes: readonly number[]): AsyncGenerator<Version[]> {
  for (let start = 0, turn = 0; start < versions.length; turn++) {
    const size = sizes.length === 0 ? 1 : (sizes[turn % sizes.length] as number);
    yield versions.slice(start, start + size);
    start += size;
  }
}

async function collect(sources: readonly SortedVersions[]): Promise<[string, string][]> {
  const all: [string, string][] = [];
  for await (const batch of mergeNewest(sources)) {
    for (const { key, revision } of batch) all.push([key.toString(), revision]);
  }
  return all;
}

async function* failing(): AsyncGenerator<Version[]> {
  yield [version("a", "0")];
  throw new Error("the disk is gone");
}

const keys = fc.uniqueArray(
  fc.string({ maxLength: 3, unit: fc.constantFrom("a", "b", "é", "\u{1F600}", "\uE000") }),
);

describe("mergeNewest", () => {
  it("yields for each key the version of the newest stream, in byte order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(keys, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })), {
          minLength: 1,
          maxLength: 6,
        }),
        async (streams) => {
          const expected = new Map<string, string>();
          for (const [rank, [names]] of streams.entries())
            for (const name of names) expected.set(name, String(rank));
          const sources = streams.map(([names, sizes], rank) => {
            const sorted = names
              .map((name) => version(name, String(rank)))
              .sort((a, b) => compareKeys(a.key, b.key));
            // Empty batches among the others are allowed; at least one size must move on.
            return inBatches(sorted, sizes.some((size) => size > 0) ? sizes : [1]);
          });
          const merged = await collect(sources);
          const inOrder = [...expected].sort(([a], [b]) => compareKeys(keyOf(a), keyOf(b)));
          expect(merged).toEqual(inOrder);
        },
      ),
    );
  });

  it("closes every source when the reader stops early", async () => {
    const closed: number[] = [];
    const endless = async function* (rank: number): AsyncGenerator<Version[]> {
      try {
        for (let index = 0; ; index++) yield [version(String(index).padStart(9, "0"), String(rank))];
      } finally {
        closed.push(rank);
      }
    };
    for await (const batch of mergeNewest([endless(0), endless(1), endless(2)])) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    expect(closed.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  });

  it("passes a source's failure on and closes the others", async () => {
    let closed = false;
    const other = async function* (): AsyncGenerator<Version[]> {
      try {
        yield [version("b", "1")];
        yield [version("c", "1")];
      } finally {
        closed = true;
      }
    };
    await expect(collect([failing(), other()])).rejects.toThrow("the disk is gone");
    expect(closed).toBe(true);
  });
});
