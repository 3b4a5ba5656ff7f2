import { beforeEach, describe, expect, it } from "vitest";
import { segmentPath, segmentsOf } from "../../../src/repository/paths.ts";
import { segmentBounds } from "../../../src/repository/segment/segment-reader.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { mergeGroups } from "../../../src/timeline/rollup/merge-groups.ts";
import { proveMerge } from "../../../src/timeline/rollup/prove-merge.ts";
import { VersionDigest } from "../../../src/timeline/rollup/version-digest.ts";
import { gather, TASK } from "../../repository/segment/rig.ts";
import { interposed, NEVER, RollupRig, versionOf, type Items } from "./rig.ts";

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

/** Proves segments made by hand as the merge of one input; the digest is that of the items in order. */
async function prove(...output: readonly Items[]): Promise<void> {
  const observation = rig.observation();
  const all: Items = Object.assign({}, ...output) as Items;
  const digest = new VersionDigest();
  const names = Object.keys(all).sort();
  for (const name of names) digest.add(versionOf(rig.repository, name, all[name] as string, observation));
  const segments: SegmentInfo[] = [];
  for (const items of output) segments.push(await rig.segment(items, observation));
  const inputs = [[await rig.segment(all)]];
  const claim = { inputs, output: segments, versions: names.length, digest: digest.finish(), dropped: 0 };
  await proveMerge(rig.repository, TASK, claim, NEVER);
}

const spread = (from: number, step: number): Items =>
  Object.fromEntries(
    Array.from({ length: 60 }, (_, index) => [`item ${String(from + index * step).padStart(4, "0")}`, "x"]),
  );

describe("the segments of a merged group", () => {
  it("are proven when they follow each other", async () => {
    await prove({ a: "1", b: "1" }, { c: "1", d: "1" });
  });

  it.each([
    [
      "stand in the wrong order",
      [
        { c: "1", d: "1" },
        { a: "1", b: "1" },
      ],
    ],
    [
      "overlap",
      [
        { a: "1", c: "1" },
        { b: "1", d: "1" },
      ],
    ],
    [
      "have an item in both",
      [
        { a: "1", b: "1" },
        { b: "1", c: "1" },
      ],
    ],
  ])("are not proven when they %s", async (_, output) => {
    await expect(prove(...output)).rejects.toMatchObject({ code: "rollup-unproven" });
  });

  it("have ascending bounds without anything in common, wherever they are cut", async () => {
    const groups = [[await rig.segment(spread(0, 2))], [await rig.segment(spread(1, 3))]];
    for (const versions of [8, 100]) {
      const limits = { versions, bodyBytes: 1 << 20 };
      const { segments } = await mergeGroups(rig.repository, TASK, groups, { filter: true, limits }, NEVER);
      const bounds = segments.map((segment) => segmentBounds(rig.repository.keyring, TASK, segment));
      const edges = bounds.flatMap(({ first, last }) => [first, last]).map(String);
      expect(edges).toEqual([...new Set(edges)].sort());
      expect(segments.length).toBe(Math.ceil(100 / versions));
    }
  });

  it("are all taken back when a later one of them cannot be written", async () => {
    const groups = [[await rig.segment({ a: "1", b: "1", c: "1" })], [await rig.segment({ d: "1" })]];
    const kept = groups.flat().map(({ id }) => segmentPath(TASK, id));
    let creates = 0;
    const full = interposed(rig.repository.storage, (call) => {
      if (call === "create" && ++creates === 3) throw new Error("the disk is full");
    });
    const options = { filter: true, limits: { versions: 1, bodyBytes: 1 << 20 } };
    const merging = mergeGroups({ ...rig.repository, storage: full }, TASK, groups, options, NEVER);
    await expect(merging).rejects.toThrow("the disk is full");
    const files = await gather(rig.repository.storage.list(segmentsOf(TASK)));
    expect(files.map(({ path }) => path).sort()).toEqual(kept.sort());
  });
});
