import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { takeLease } from "../../../src/repository/leases.ts";
import type { Manifest } from "../../../src/repository/manifest.ts";
import { newestEntry } from "../../../src/repository/manifest.ts";
import { checkpointPath, packPath, restorePath, segmentPath } from "../../../src/repository/paths.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import type { ObjectStat, Storage } from "../../../src/repository/storage/storage.ts";
import { commitManifest } from "../../../src/repository/task-store.ts";
import { writeUndoPiece } from "../../../src/repository/undo-pieces.ts";
import {
  emptyList,
  failCall,
  faultyStorage,
  truncatedList,
  type FaultyStorage,
} from "../../faults/storage-faults.ts";
import { TASK } from "../segment/rig.ts";
import { TaskRig } from "./rig.ts";

let rig: TaskRig;

beforeEach(async () => {
  rig = new TaskRig();
  await rig.run({ a: "1", b: "1" });
  await rig.run({ a: "2" });
});

const pathOf = ({ id }: SegmentInfo): string => segmentPath(TASK, id);

/** A cleanup with a sweep on each of so many further days. */
async function sweepDaily(days: number): Promise<void> {
  for (let day = 0; day < days; day++) {
    await rig.cleanup({ sweep: true });
    rig.now += DAY_MS;
  }
}

/** What a run commits that has written a segment, on the newest manifest. */
async function commit(segment: SegmentInfo): Promise<Manifest | undefined> {
  const base = await rig.newest();
  const before = newestEntry(base.manifest);
  const entry = { ...before, id: "f".repeat(32), from: before.to, to: rig.now, groups: [[segment]] };
  const next = { ...base.manifest, written: rig.now, entries: [...base.manifest.entries, entry] };
  return (await commitManifest(rig.repository, TASK, base, next))?.manifest;
}

/** A storage whose listings of segments and packs are changed; all else is true. */
function lyingStorage(inner: Storage, change: (objects: ObjectStat[]) => ObjectStat[]): FaultyStorage {
  return faultyStorage(inner, {
    name: "a lie",
    strikes: ({ call, path }) => call === "list" && /\/(segments|blobs)\/$/.test(path),
    effect: { kind: "relist", change },
  });
}

describe("a file that nothing names", () => {
  it("is condemned by one sweep, deleted by one a day later, and then off the list", async () => {
    const left = await rig.segment({ x: "crashed" });
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 1, swept: true });
    expect((await rig.manifest()).condemned).toMatchObject([
      { path: pathOf(left), bytes: left.bytes, why: "unreferenced", deleting: false },
    ]);
    rig.now += DAY_MS - 1;
    expect(await rig.cleanup({ sweep: true })).toMatchObject({ files: 0, waiting: 1 });
    expect(await rig.has(pathOf(left))).toBe(true);
    rig.now += 1;
    expect(await rig.cleanup({ sweep: true })).toMatchObject({ files: 1, bytes: left.bytes, waiting: 0 });
    expect(await rig.has(pathOf(left))).toBe(false);
    await rig.cleanup();
    expect((await rig.manifest()).condemned).toEqual([]);
    await rig.expectAllReads();
  });

  it("waits as long as what rollups replaced does", async () => {
    const left = await rig.segment({ x: "crashed" });
    for (let day = 0; day < 10; day++) {
      await rig.cleanup({ cleanupAfter: 10 * DAY_MS });
      rig.now += DAY_MS;
      expect(await rig.has(pathOf(left))).toBe(true);
    }
    await rig.cleanup({ cleanupAfter: 10 * DAY_MS });
    expect(await rig.has(pathOf(left))).toBe(false);
  });

  it("is looked for once a day", async () => {
    expect(await rig.cleanup()).toMatchObject({ swept: true });
    rig.now += DAY_MS - 1;
    expect(await rig.cleanup()).toMatchObject({ swept: false });
    expect(await rig.cleanup({ sweep: true })).toMatchObject({ swept: true });
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ swept: true });
  });

  it("stays when it is no segment or pack", async () => {
    const strange = [`tasks/${TASK}/segments/README`, `tasks/${TASK}/blobs/${"a".repeat(31)}`];
    for (const path of strange) await rig.repository.storage.create(path, Buffer.from("x"));
    await sweepDaily(3);
    for (const path of strange) expect(await rig.has(path)).toBe(true);
  });
});

describe("a writer that slept", () => {
  it("rescues its files when they are condemned", async () => {
    const late = await rig.segment({ late: "1" });
    await rig.cleanup();
    expect((await rig.manifest()).condemned).toHaveLength(1);
    expect((await commit(late))?.condemned).toEqual([]);
    await sweepDaily(4);
    expect(await rig.has(pathOf(late))).toBe(true);
  });

  it("keeps its files for as long as it works under a lease, however long that takes", async () => {
    const lease = await takeLease(rig.repository, TASK, (await rig.manifest()).generation, rig.clock);
    const late = await rig.segment({ late: "1" });
    await rig.cleanup();
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 1, swept: true });
    expect((await commit(late))?.condemned).toEqual([]);
    await lease[Symbol.asyncDispose]();
    await sweepDaily(3);
    expect(await rig.has(pathOf(late))).toBe(true);
  });

  it("is refused from when they are to be deleted, whether they are gone yet or not", async () => {
    const late = await rig.segment({ late: "1" });
    await rig.cleanup();
    rig.now += DAY_MS;
    const stuck = faultyStorage(rig.repository.storage, failCall({ call: "remove", nth: 0 }));
    await expect(rig.cleanup({}, stuck)).rejects.toMatchObject({ code: "storage-failed" });
    expect(await rig.has(pathOf(late))).toBe(true);
    await expect(commit(late)).rejects.toMatchObject({ code: "object-missing" });
    expect(await rig.cleanup()).toMatchObject({ files: 1 });
    await expect(commit(late)).rejects.toMatchObject({ code: "object-missing" });
    await rig.cleanup();
    expect((await rig.manifest()).condemned).toEqual([]);
    await expect(commit(late)).rejects.toMatchObject({ code: "object-missing" });
    await rig.expectAllReads();
  });
});

describe("a listing that lies", () => {
  const lies: readonly (readonly [string, (objects: ObjectStat[]) => ObjectStat[]])[] = [
    ["is empty", () => []],
    ["ends early", (objects) => objects.slice(0, -1)],
    ["begins late", (objects) => objects.slice(1)],
    ["shows a file too short", (all) => all.map((object) => ({ ...object, size: object.size - 1 }))],
  ];

  it.each(lies)("deletes and condemns nothing when it %s", async (_, change) => {
    const { packs, blobs } = await rig.pack("picture");
    await rig.run({ p: "1" }, { packs, blobs });
    await rig.cleanup();
    // Everything that could be deleted: of a rollup, of a crashed run, condemned yesterday.
    await rig.rollUp(...(await rig.manifest()).entries.slice(1).map(({ to }) => to));
    await rig.repository.storage.create(segmentPath(TASK, "0".repeat(32)), Buffer.from("before all"));
    await rig.repository.storage.create(segmentPath(TASK, "f".repeat(32)), Buffer.from("after all"));
    await rig.cleanup({ sweep: true });
    rig.now += 2 * DAY_MS;
    const needed = (await rig.manifest()).entries.flatMap(({ groups }) => groups.flat());
    const named = new Set([...needed.map(pathOf), ...packs.map(({ id }) => packPath(TASK, id))]);
    const before = await rig.paths();
    const generation = (await rig.manifest()).generation;
    const lying = lyingStorage(rig.repository.storage, (objects) =>
      change(objects.filter(({ path }) => named.has(path))),
    );
    await expect(rig.cleanup({ sweep: true }, lying)).rejects.toMatchObject({ code: "object-missing" });
    expect(await rig.paths()).toEqual(before);
    expect((await rig.manifest()).generation).toBe(generation);
    expect(lying.calls.filter(({ call }) => call === "remove" || call === "create")).toEqual([]);
    await rig.expectAllReads();
  });

  it("of checkpoints or undo records leaves time to notice: nothing is deleted before two sweeps saw the same", async () => {
    const underWay = await rig.segment({ under: "way" });
    await rig.checkpoint([underWay]);
    const runs = faultyStorage(rig.repository.storage, {
      ...emptyList({ nth: 0 }),
      strikes: ({ call, path }) => call === "list" && path.endsWith("/runs/"),
    });
    await rig.cleanup({ sweep: true }, runs);
    expect((await rig.manifest()).condemned).toHaveLength(1);
    rig.now += DAY_MS;
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).condemned).toEqual([]);
    expect(await rig.has(pathOf(underWay))).toBe(true);
  });

  it("of manifests is noticed, or leads to a commit that loses", async () => {
    const storage = faultyStorage(rig.repository.storage, truncatedList({ call: "list", nth: 0 }, 1));
    rig.now += DAY_MS;
    const before = (await rig.manifest()).generation;
    await rig.cleanup({ sweep: true }, storage).catch(() => {});
    expect((await rig.manifest()).generation).toBeGreaterThanOrEqual(before);
    await rig.expectAllReads();
  });
});

describe("files that others than the manifest name", () => {
  it("stay as long as the run that wrote them may be continued", async () => {
    const underWay = await rig.segment({ under: "way" });
    const { packs } = await rig.pack("under way");
    const checkpoint = await rig.checkpoint([underWay], packs);
    await sweepDaily(5);
    expect(await rig.has(pathOf(underWay))).toBe(true);
    expect(await rig.has(packPath(TASK, packs[0]?.id ?? ""))).toBe(true);
    expect(await rig.has(checkpointPath(TASK, checkpoint.run, 1))).toBe(true);
    await rig.run({ z: "another run" });
    await sweepDaily(3);
    expect(await rig.has(pathOf(underWay))).toBe(false);
    expect(await rig.has(packPath(TASK, packs[0]?.id ?? ""))).toBe(false);
    expect(await rig.has(checkpointPath(TASK, checkpoint.run, 1))).toBe(false);
    await rig.expectAllReads();
  });

  it("stay as long as there is an undo record", async () => {
    const touched = await rig.segment({ touched: "" });
    const restore = "0".repeat(32);
    const piece = { restore, task: TASK, target: "orders", restored: rig.now, touched };
    await writeUndoPiece(rig.repository, piece, 1);
    await sweepDaily(4);
    expect(await rig.has(pathOf(touched))).toBe(true);
    await rig.repository.storage.remove(restorePath(TASK, restore, 1));
    await sweepDaily(3);
    expect(await rig.has(pathOf(touched))).toBe(false);
  });

  it("are unknown when what names them does not read: then nothing is condemned, and it is said", async () => {
    const left = await rig.segment({ x: "crashed" });
    const path = checkpointPath(TASK, "1".repeat(32), 1);
    await rig.repository.storage.create(path, Buffer.from("noise"));
    for (let day = 0; day < 3; day++) {
      expect(await rig.cleanup({ sweep: true })).toMatchObject({ unreadable: [path], swept: false });
      rig.now += DAY_MS;
    }
    expect(await rig.has(pathOf(left))).toBe(true);
  });
});

describe("a pack", () => {
  it("goes when no version refers to any of its blobs, retired versions included", async () => {
    const first = await rig.pack("old picture", "older picture");
    const second = await rig.pack("new picture");
    await rig.run({ p: "1" }, first);
    await rig.run({ p: "2" }, second);
    const [old, young] = [first, second].map(({ packs }) => packPath(TASK, packs[0]?.id ?? ""));
    await rig.rollUp(...(await rig.manifest()).entries.slice(1).map(({ to }) => to));
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toHaveLength(2);
    rig.now += DAY_MS;
    // What refers to it is forgotten now; only then is it idle.
    await rig.cleanup({ sweep: true });
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual(second.packs);
    expect((await rig.manifest()).condemned).toMatchObject([
      { path: old, why: "unreferenced", deleting: false },
    ]);
    rig.now += DAY_MS;
    await rig.cleanup({ sweep: true });
    expect(await Promise.all([rig.has(old ?? ""), rig.has(young ?? "")])).toEqual([false, true]);
    await rig.expectAllReads();
  });

  it("stays as long as one of its blobs is referred to", async () => {
    const { packs, blobs } = await rig.pack("one", "two", "three");
    await rig.run({ p: "1" }, { packs, blobs: blobs.slice(1, 2) });
    await sweepDaily(3);
    expect((await rig.manifest()).packs).toEqual(packs);
    await rig.expectAllReads();
  });

  it("stays while somebody works from an older generation, or a run under way refers to it", async () => {
    const { packs, blobs } = await rig.pack("picture");
    await rig.amend((manifest) => ({ ...manifest, packs: [...packs] }));
    const lease = await takeLease(rig.repository, TASK, (await rig.manifest()).generation - 1, rig.clock);
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual(packs);
    await lease[Symbol.asyncDispose]();
    const underWay = await rig.segment({ p: "1" }, blobs);
    const checkpoint = await rig.checkpoint([underWay]);
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual(packs);
    await rig.repository.storage.remove(checkpointPath(TASK, checkpoint.run, 1));
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual([]);
  });

  it("stays when a segment's tables, or its own, do not read", async () => {
    const { packs, blobs } = await rig.pack("picture");
    const entry = await rig.run({ p: "1" }, { blobs });
    await rig.amend((manifest) => ({ ...manifest, packs: [...packs] }));
    const path = pathOf(entry.groups[0]?.[0] as SegmentInfo);
    const bytes = await rig.repository.storage.read(path);
    await rig.repository.storage.remove(path);
    await rig.repository.storage.create(path, Buffer.alloc(bytes.length));
    await rig.cleanup({ sweep: true });
    expect((await rig.manifest()).packs).toEqual(packs);
  });
});
