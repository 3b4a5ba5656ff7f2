import { beforeEach, describe, expect, it } from "vitest";
import { segmentPath, segmentsOf } from "../../../src/repository/paths.ts";
import { HEADER_BYTES } from "../../../src/repository/segment/frame.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  mergeGroups,
  type MergeOptions,
  type MergedGroup,
} from "../../../src/timeline/rollup/merge-groups.ts";
import { proveMerge, type MergeClaim } from "../../../src/timeline/rollup/prove-merge.ts";
import { VersionDigest } from "../../../src/timeline/rollup/version-digest.ts";
import { SegmentGroup } from "../../../src/timeline/group.ts";
import { blobRef, collect, flipped, gather, TASK } from "../../repository/segment/rig.ts";
import {
  DELETED,
  interposed,
  keeping,
  NEVER,
  PURGED,
  RollupRig,
  stateOf,
  versionOf,
  type Items,
} from "./rig.ts";

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

async function merge(
  groups: readonly (readonly SegmentInfo[])[],
  options: Partial<MergeOptions> = {},
  storage: Storage = rig.repository.storage,
): Promise<MergedGroup> {
  return await mergeGroups({ ...rig.repository, storage }, TASK, groups, { filter: true, ...options }, NEVER);
}

async function contentOf(segments: readonly SegmentInfo[]): Promise<Record<string, string>> {
  const versions = await collect(new SegmentGroup(rig.repository, TASK, segments).scan({}, 1 << 20));
  return Object.fromEntries(versions.map((version) => [version.key.toString(), stateOf(version)]));
}

async function files(): Promise<string[]> {
  return (await gather(rig.repository.storage.list(segmentsOf(TASK)))).map(({ path }) => path);
}

const many = (count: number, body: string): Items =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`item ${String(index).padStart(4, "0")}`, body]),
  );

describe("merging groups", () => {
  it("keeps for each item the version of the newest group that has it, gone or not", async () => {
    const groups = [
      [await rig.segment({ a: "1", b: "1" }), await rig.segment({ c: "1", d: "1", e: "1" })],
      [await rig.segment({ b: "2", c: DELETED })],
      [await rig.segment({ d: PURGED, f: "3" })],
    ];
    const { segments, versions } = await merge(groups);
    expect(versions).toBe(6);
    expect(await contentOf(segments)).toEqual({ a: "1", b: "2", c: DELETED, d: PURGED, e: "1", f: "3" });
    expect(segments[0]?.counts).toMatchObject({ live: 4, deleted: 1, purged: 1 });
  });

  it("moves references to blobs as they are", async () => {
    const observation = rig.observation();
    const version = {
      ...versionOf(rig.repository, "a", "1", observation),
      blobs: [blobRef("c"), blobRef("d")],
    };
    const segment = await writeSegment({ ...rig.repository, task: TASK }, [[version]]);
    const { segments } = await merge([[segment], [await rig.segment({ b: "1" })]]);
    const [kept] = await collect(new SegmentGroup(rig.repository, TASK, segments).scan({}, 1 << 20));
    expect(kept).toEqual(version);
  });

  it("leaves out only what it is told to drop, and may end with nothing", async () => {
    const groups = [[await rig.segment({ a: "1", b: "1" })], [await rig.segment({ a: DELETED })]];
    const { segments } = await merge(groups, { drop: ({ kind }) => kind === "deleted" });
    expect(await contentOf(segments)).toEqual({ b: "1" });
    expect((await merge(groups, { drop: () => true })).segments).toEqual([]);
  });

  it("cuts its output into segments that follow each other, each with a filter or without", async () => {
    const groups = [[await rig.segment(many(1_000, "old"))], [await rig.segment(many(500, "new"))]];
    const { segments } = await merge(groups, {
      filter: false,
      limits: { versions: 300, bodyBytes: 1 << 20 },
    });
    expect(segments.map(({ counts }) => counts.live)).toEqual([300, 300, 300, 100]);
    expect(await contentOf(segments)).toEqual({ ...many(1_000, "old"), ...many(500, "new") });
    const large = await merge([[await rig.segment({ a: "x".repeat(900), b: "y".repeat(900), c: "z" })]], {
      limits: { versions: 300, bodyBytes: 1_000 },
    });
    expect(await contentOf(large.segments)).toMatchObject({ c: "z" });
  });

  it("of more groups than can be open merges neighbours first, and removes what passed through", async () => {
    const groups: SegmentInfo[][] = [];
    for (let index = 0; index < 130; index++) {
      groups.push([await rig.segment({ all: String(index), [`item ${index % 100}`]: String(index) })]);
    }
    const before = await files();
    const { segments, readBytes } = await merge(groups);
    const inputs = groups.flat().reduce((sum, { bytes }) => sum + bytes, 0);
    expect(readBytes).toBeGreaterThan(inputs);
    const expected = Array.from({ length: 130 }, (_, index) => [`item ${index % 100}`, String(index)]);
    expect(await contentOf(segments)).toEqual({ all: "129", ...Object.fromEntries(expected) });
    expect((await files()).filter((path) => !before.includes(path))).toEqual(
      segments.map(({ id }) => segmentPath(TASK, id)),
    );
  });

  it("tells how far it is", async () => {
    const told: number[] = [];
    const groups = [[await rig.segment(many(1_000, "body"))], [await rig.segment({ zzz: "1" })]];
    await merge(groups, { progress: ({ versions }) => told.push(versions) });
    expect(told.at(-1)).toBe(1_001);
    expect(told.length).toBeGreaterThan(1);
  });

  it("leaves nothing behind when an input is damaged", async () => {
    const groups = [[await rig.segment({ a: "1" })], [await rig.segment({ b: "1" })]];
    const path = segmentPath(TASK, groups[0]?.[0]?.id as string);
    const bytes = await rig.repository.storage.read(path);
    await rig.repository.storage.remove(path);
    await rig.repository.storage.create(path, flipped(bytes, HEADER_BYTES + 5));
    await expect(merge(groups)).rejects.toMatchObject({ code: "object-damaged" });
    expect(await files()).toHaveLength(2);
  });
});

async function inputsOfMerge(): Promise<SegmentInfo[][]> {
  return [[await rig.segment({ a: "1", b: "1", c: "1" })], [await rig.segment({ b: "2", d: "2" })]];
}

async function prove(made: MergeClaim): Promise<void> {
  await proveMerge(rig.repository, TASK, made, NEVER);
}

/** The claim of somebody who wrote these items as the merge of the inputs. */
async function claim(items: Items, change: Partial<MergeClaim> = {}): Promise<MergeClaim> {
  const observation = rig.observation();
  const digest = new VersionDigest();
  for (const key of Object.keys(items).sort())
    digest.add(versionOf(rig.repository, key, items[key] as string, observation));
  const output = [await rig.segment(items, observation)];
  const versions = Object.keys(items).length;
  return {
    inputs: await inputsOfMerge(),
    output,
    versions,
    digest: digest.finish(),
    dropped: 0,
    ...change,
  };
}

describe("the proof of a merge", () => {
  const RIGHT = { a: "1", b: "2", c: "1", d: "2" };

  it("holds for what a merge must be", async () => {
    await prove(await claim(RIGHT));
    await prove(await claim({ a: "1", b: "2", d: "2" }, { dropped: 1 }));
  });

  it.each([
    ["an item is missing", { a: "1", b: "2", d: "2" }],
    ["an item is too many", { ...RIGHT, e: "1" }],
    ["an item has the state of an older input", { ...RIGHT, b: "1" }],
    ["an item has a state that no input has", { ...RIGHT, a: "9" }],
  ])("fails where %s", async (_, items) => {
    await expect(prove(await claim(items))).rejects.toMatchObject({ code: "rollup-unproven" });
  });

  it("fails where more or fewer were dropped than was meant", async () => {
    await expect(prove(await claim(RIGHT, { dropped: 1 }))).rejects.toMatchObject({
      code: "rollup-unproven",
    });
    const fewer = await claim({ a: "1", b: "2" }, { dropped: 1 });
    await expect(prove(fewer)).rejects.toMatchObject({ code: "rollup-unproven" });
  });

  it("fails where an item was written twice", async () => {
    const once = await claim(RIGHT);
    const twice = { ...once, output: [...once.output, await rig.segment({ d: "2" })] };
    await expect(prove(twice)).rejects.toMatchObject({ code: "rollup-unproven" });
  });

  it("fails where a body is another than the merge wrote, though its state has the same name", async () => {
    const right = await claim(RIGHT);
    const observation = rig.observation();
    const other = Object.entries(RIGHT).map(([key, state]) => ({
      ...versionOf(rig.repository, key, state, observation),
      parts: [Buffer.from(key === "c" ? "0" : state)],
    }));
    const output = [await writeSegment({ ...rig.repository, task: TASK }, [other])];
    await expect(prove({ ...right, output })).rejects.toMatchObject({ code: "rollup-unproven" });
  });

  it("fails for every byte of the output's versions and tables that is not as it was written", async () => {
    const made = await inputsOfMerge();
    const { segments } = await merge(made, { filter: false });
    const [output] = segments as [SegmentInfo];
    const path = segmentPath(TASK, output.id);
    const bytes = await rig.repository.storage.read(path);
    const { storage } = rig.repository;
    const right = await claim(RIGHT);
    for (let at = HEADER_BYTES; at < output.footer.offset + output.footer.length; at += 3) {
      await storage.remove(path);
      await storage.create(path, flipped(bytes, at));
      const proof = proveMerge(rig.repository, TASK, { ...right, inputs: made, output: segments }, NEVER);
      await expect(proof, `byte ${at}`).rejects.toMatchObject({ code: "object-damaged" });
    }
  });
});

describe("a rollup on a disk that changes what is written to it", () => {
  it.each([0.01, 0.2, 0.4, 0.6, 0.8, 0.99])(
    "commits nothing that is not whole (at %f of the file)",
    async (at) => {
      for (let day = 1; day <= 8; day++) await rig.run([many(40, `on day ${day}`)]);
      const before = await rig.outline();
      const lying = changing(rig.repository.storage, at);
      await expect(rig.rollUp(keeping({ daily: 2 }), {}, lying)).rejects.toMatchObject({
        code: "object-damaged",
      });
      expect(await rig.outline()).toEqual(before);
      for (const { to } of (await rig.manifest()).entries)
        expect(await rig.stateAt(to)).toEqual(rig.truth.get(to));
    },
  );
});

/** A storage that changes one byte of each segment as it is written, at a share of its length. */
function changing(storage: Storage, share: number): Storage {
  return {
    ...interposed(storage, () => {}),
    create: async (path, content, signal) => {
      if (!path.startsWith(segmentsOf(TASK))) return await storage.create(path, content, signal);
      const bytes = Buffer.isBuffer(content) ? content : Buffer.concat(await gather(content));
      return await storage.create(path, flipped(bytes, Math.floor(bytes.length * share)), signal);
    },
  };
}
