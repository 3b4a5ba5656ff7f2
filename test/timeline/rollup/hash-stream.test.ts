import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { hashText } from "../../../src/timeline/lost.ts";
import { readHashes, type HashEntry, type RankedSegment } from "../../../src/timeline/rollup/hash-stream.ts";
import { TASK } from "../../repository/segment/rig.ts";
import { NEVER, RollupRig, type Items } from "./rig.ts";

/** Key hash tables come in pages of 4,096 entries. */
const PAGE_ENTRIES = 4_096;

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

async function read(segments: readonly RankedSegment[]): Promise<(readonly HashEntry[])[]> {
  const all: (readonly HashEntry[])[] = [];
  for await (const same of readHashes(rig.repository, TASK, segments, NEVER)) all.push(same);
  return all;
}

/** What must come: for each item, by its key's hash, the ranks that have it with their states' fingerprints. */
function wanted(contents: readonly Items[]): string[][] {
  const fingerprints = taskFingerprints(rig.repository.keyring, TASK);
  const byHash = new Map<string, string[]>();
  for (const [rank, items] of contents.entries()) {
    for (const [name, state] of Object.entries(items)) {
      const key = keyOf(name);
      const hash = hashText(fingerprints.keyHash(key));
      const fingerprint = fingerprints.fingerprint(key, Buffer.from(state)).toString("hex");
      byHash.set(hash, [...(byHash.get(hash) ?? []), `${rank} ${fingerprint}`]);
    }
  }
  return [...byHash.keys()].sort().map((hash) => (byHash.get(hash) as string[]).toSorted());
}

const shown = (all: readonly (readonly HashEntry[])[]): string[][] =>
  all.map((same) =>
    same
      .map(({ rank, fingerprint }) => `${rank} ${Buffer.from(fingerprint, "latin1").toString("hex")}`)
      .sort(),
  );

const many = (count: number, step: number, state: string): Items =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`item ${index * step}`, state]));

describe("the key hashes of several segments", () => {
  it("come in ascending order, each once with every segment that has it", async () => {
    const contents: Items[] = [
      { a: "1", b: "1", c: "1", d: "1" },
      { b: "2", e: "2" },
      { a: "3", b: "3" },
    ];
    const segments: RankedSegment[] = [];
    for (const [rank, items] of contents.entries())
      segments.push({ rank, segment: await rig.segment(items) });
    expect(shown(await read(segments))).toEqual(wanted(contents));
    expect(shown(await read(segments.toReversed()))).toEqual(wanted(contents));
  });

  it("come in the same order across the pages of their tables", async () => {
    const contents = [many(PAGE_ENTRIES + 1, 2, "even"), many(PAGE_ENTRIES / 2, 3, "third")];
    const segments: RankedSegment[] = [];
    for (const [rank, items] of contents.entries())
      segments.push({ rank, segment: await rig.segment(items) });
    expect(shown(await read(segments))).toEqual(wanted(contents));
  });

  it("of more segments than are opened at a time are all there", async () => {
    const contents = Array.from({ length: 40 }, (_, rank): Items => ({
      all: String(rank),
      [`own ${rank}`]: "1",
    }));
    const segments: RankedSegment[] = [];
    for (const [rank, items] of contents.entries())
      segments.push({ rank, segment: await rig.segment(items) });
    const all = await read(segments);
    expect(all).toHaveLength(41);
    expect(shown(all)).toEqual(wanted(contents));
  });

  it("of no segments are none", async () => {
    expect(await read([])).toEqual([]);
  });
});
