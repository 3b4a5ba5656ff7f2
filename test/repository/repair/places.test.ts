/**
 * Where repair finds what a damaged file held, and what it tells and leaves when no place has it.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { catItem } from "../../../src/operations/cat.ts";
import { check } from "../../../src/operations/check.ts";
import { repair, type RepairRequest } from "../../../src/operations/repair.ts";
import { restore } from "../../../src/operations/restore.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import {
  entrySegments,
  manifestSegments,
  type Manifest,
  type TimelineEntry,
} from "../../../src/repository/manifest.ts";
import { manifestPath, packPath, segmentPath } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import type { LostItem } from "../../../src/timeline/lost.ts";
import { backUp, collect, newRepository } from "../../e2e/house.ts";
import {
  copyOf,
  everything,
  flipped,
  livedHouse,
  manifestOf,
  mergedEntry,
  newestRuns,
  put,
  resetTo,
  TASK_NAME,
  type LivedHouse,
} from "./rig.ts";

let house: LivedHouse;
let copy: Storage;
let manifest: Manifest;
let before: unknown;

beforeAll(async () => {
  house = await livedHouse();
  copy = await copyOf(house.repository.storage);
  manifest = await manifestOf(house);
  before = await everything(house);
});

beforeEach(async () => resetTo(house.repository.storage, copy));

afterAll(async () => house[Symbol.asyncDispose]());

/** The first segment of an entry. */
const pathOf = ({ groups }: TimelineEntry): string => segmentPath(house.task, groups[0]?.[0]?.id ?? "");
const baseline = (): TimelineEntry => manifest.entries[0] as TimelineEntry;
const remove = async (path: string): Promise<void> => put(house.repository.storage, path, undefined);
const mend = async (request: Partial<RepairRequest> = {}) =>
  repair(house.workspace, { apply: true, readData: true, ...request });
const errors = async () =>
  (await check(house.workspace, { readData: true, remember: false })).findings.filter(
    ({ severity }) => severity !== "note",
  );
const paths = async () => (await collect(house.repository.storage.list(""))).map(({ path }) => path);

/** The newest manifest, or one before it. */
const generationPath = (back: number): string => manifestPath(house.task, manifest.generation - back);

/** Damages the only block of the newest ordinary delta. */
async function damageNewest(): Promise<void> {
  await flip(pathOf(newestRuns(manifest)[0]), 200);
}

async function flip(path: string, at: number): Promise<void> {
  await put(house.repository.storage, path, flipped(await copy.read(path), at));
}

describe("repair without a copy", () => {
  it("puts a merged segment together from the retired deltas that went into it", async () => {
    await remove(pathOf(mergedEntry(manifest)));
    const report = await mend();
    expect(report).toMatchObject({
      ok: true,
      objects: [{ outcome: "repaired", found: [{ place: "retired deltas" }], lost: [] }],
    });
    expect(await errors()).toEqual([]);
    expect(await everything(house)).toEqual(before);
  });

  it("puts a retired delta together from what the timeline has of it", async () => {
    const [newest] = manifest.retired.filter(({ into }) => into === mergedEntry(manifest).id).reverse();
    const path = segmentPath(house.task, newest?.entry.groups.at(-1)?.[0]?.id ?? "");
    // Its table is left, and what it holds went into the merged segment.
    await flip(path, 200);
    expect(await errors()).toMatchObject([{ severity: "warning", path }]);
    expect(await mend()).toMatchObject({ ok: true });
    expect(await errors()).toEqual([]);
  });

  it("writes anew what only lost its tables or its ends", async () => {
    for (const at of [3, -3]) {
      const path = pathOf(baseline());
      await flip(path, at < 0 ? (await copy.read(path)).length + at : at);
      const report = await mend();
      expect(report).toMatchObject({
        ok: true,
        recovered: 0,
        objects: [{ found: [{ place: "what is left of it" }] }],
      });
      expect(await errors()).toEqual([]);
      expect(await everything(house)).toEqual(before);
      await resetTo(house.repository.storage, copy);
    }
  });

  it("condemns the damaged file and leaves its deletion to cleanup", async () => {
    const path = pathOf(mergedEntry(manifest));
    await flip(path, 200);
    await mend();
    const { condemned } = await manifestOf(house);
    expect(condemned.at(-1)).toMatchObject({ path, why: "repaired", deleting: false });
    expect(await paths()).toContain(path);
  });

  it("tells what it would do and writes nothing in a dry run", async () => {
    await remove(pathOf(mergedEntry(manifest)));
    const there = await paths();
    expect(await mend({ apply: false })).toMatchObject({ ok: true, applied: false });
    expect(await paths()).toEqual(there);
  });
});

describe("repair from the live source", () => {
  it("fetches the versions that are still current, attachments included, and leaves the others", async () => {
    // The last ordinary delta: its edit of `doc 1` was followed by the restore, its new document is still as it was.
    const [newest] = newestRuns(manifest);
    await flip(pathOf(newest), 200);
    const report = await mend({ fromSource: true });
    expect(report).toMatchObject({
      ok: false,
      lost: 1,
      objects: [
        {
          outcome: "unrepaired",
          found: expect.arrayContaining([{ place: "the live source", count: 2 }]) as unknown,
          lost: [{ key: "doc 1", count: 1 }],
        },
      ],
    });
    expect(await errors()).toHaveLength(1);
    const given = await mend({ fromSource: true, acceptLoss: true });
    expect(given).toMatchObject({ lost: 1, objects: [{ outcome: "given-up" }] });
    expect(await errors()).toEqual([]);
    const timeline = await openTimeline(house.workspace, TASK_NAME);
    const version = await timeline.at(newest.to).get(keyOf("new 7"));
    expect(version?.blobs).toHaveLength(1);
  });

  it("fetches attachments again for a pack that is gone", async () => {
    for (const { id } of manifest.packs) {
      await remove(packPath(house.task, id));
      expect(await mend(), id).toMatchObject({ ok: false });
      expect(await mend({ fromSource: true }), id).toMatchObject({ ok: true, lost: 0 });
      expect(await errors()).toEqual([]);
      expect(await everything(house)).toEqual(before);
      await resetTo(house.repository.storage, copy);
    }
  });

  it("leaves nothing behind that no manifest names, beside what it replaced", async () => {
    const [pack] = manifest.packs;
    await remove(packPath(house.task, pack?.id ?? ""));
    await mend({ fromSource: true });
    const { findings } = await check(house.workspace, { remember: false });
    expect(findings.filter(({ code }) => code === "unreferenced")).toEqual([]);
  });
});

describe("a version that no place has", () => {
  it("changes nothing, and is listed by its key where anything tells it, else between two keys", async () => {
    await damageNewest();
    const there = await paths();
    const report = await mend();
    expect(await paths()).toEqual(there);
    const [object] = report.objects;
    expect(object).toMatchObject({ outcome: "unrepaired", lostCount: 3 });
    // `doc 1` and the deleted document are in older deltas too; only the lost delta knew `new 7`.
    expect(object?.lost).toEqual([
      { key: "doc 1", from: "doc 1", to: "doc 1", count: 1 },
      { key: "doc 8", from: "doc 8", to: "doc 8", count: 1 },
      { key: null, from: "doc 1", to: "new 7", count: 1 },
    ]);
    expect(object?.next).toContain("--from-source");
  });

  it("is said to be lost where it would answer, once it is given up, and older instants are as before", async () => {
    const [{ to }, previous] = newestRuns(manifest);
    const earlier = new Date(previous.to).toISOString();
    const at = new Date(to).toISOString();
    const old = await catItem(house.workspace, { task: TASK_NAME, item: "doc 1", at: earlier });
    await damageNewest();
    expect(await mend({ acceptLoss: true })).toMatchObject({ ok: false, lost: 3 });
    expect(await errors()).toEqual([]);
    for (const item of ["doc 1", "doc 8", "new 7"]) {
      await expect(catItem(house.workspace, { task: TASK_NAME, item, at })).rejects.toMatchObject({
        code: "version-lost",
        context: { item },
      });
    }
    expect(await catItem(house.workspace, { task: TASK_NAME, item: "doc 1", at: earlier })).toEqual(old);
    const lost: LostItem[] = [];
    const timeline = await openTimeline(house.workspace, TASK_NAME);
    timeline.onLost = (item) => lost.push(item);
    const scanned = (await collect(timeline.at(to).scan())).flat().map(({ key }) => key.toString());
    expect(scanned).toContain("doc 0");
    expect(scanned).not.toContain("doc 1");
    expect(lost.map(({ key }) => key?.toString())).toEqual(["doc 1", "doc 8", undefined]);
    expect(await timeline.at(to).contains([keyOf("doc 1"), keyOf("nothing")])).toEqual([true, false]);
  });

  it("is named by a restore, which restores all others", async () => {
    await damageNewest();
    await mend({ acceptLoss: true });
    const report = await restore(house.workspace, {
      task: TASK_NAME,
      at: new Date(newestRuns(manifest)[0].to).toISOString(),
      scope: {},
      target: { collection: "copy" },
      apply: true,
    });
    expect(report.failures.map(({ key }) => key)).toEqual(["doc 1", "doc 8"]);
    expect(report.counts.create).toBeGreaterThan(8);
  });

  it("is kept again by the next run that compares everything", async () => {
    // Everything after the baseline is lost without even a table: nothing says which items it was of.
    const kept = new Set(entrySegments(baseline()).map(({ id }) => id));
    for (const { id } of manifestSegments(manifest))
      if (!kept.has(id)) await remove(segmentPath(house.task, id));
    expect(await mend({ acceptLoss: true })).toMatchObject({ ok: false });
    expect(await errors()).toEqual([]);
    const read = async () => catItem(house.workspace, { task: TASK_NAME, item: "doc 1" });
    await expect(read()).rejects.toMatchObject({ code: "version-lost" });
    house.clock.advance(86_400_000);
    await backUp(house, "main", true);
    expect((await read()).parts.length).toBeGreaterThan(0);
  });
});

describe("a manifest that no place has", () => {
  it("keeps a timeline from being read, until its chain begins anew with nothing lost", async () => {
    await remove(generationPath(2));
    const refused = openTimeline(house.workspace, TASK_NAME);
    await expect(refused).rejects.toMatchObject({ code: "chain-broken" });
    expect(await mend()).toMatchObject({ ok: false, objects: [{ outcome: "unrepaired" }] });
    expect(await mend({ acceptLoss: true })).toMatchObject({
      ok: true,
      lost: 0,
      objects: [{ path: generationPath(2), outcome: "given-up" }],
    });
    expect(await errors()).toEqual([]);
    expect(await everything(house)).toEqual(before);
  });

  it.each([
    ["damaged", async (path: string) => flip(path, 100)],
    ["gone", remove],
  ])("takes its run along when it is the newest and %s; the timeline goes on before it", async (_, hurt) => {
    const newest = manifest.entries.at(-1) as TimelineEntry;
    await hurt(generationPath(0));
    const report = await mend({ acceptLoss: true });
    const { live, deleted, purged } = newest.counts;
    expect(report.objects).toMatchObject([
      { path: generationPath(0), outcome: "given-up", lostCount: live + deleted + purged, runs: [newest.id] },
    ]);
    expect(await errors()).toEqual([]);
    const timeline = await openTimeline(house.workspace, TASK_NAME);
    expect(timeline.instants).toEqual(manifest.entries.slice(0, -1).map(({ to }) => to));
    house.clock.advance(86_400_000);
    await backUp(house, "main", true);
    expect(await errors()).toEqual([]);
  });

  it("is not taken from a copy that has another history", async () => {
    const other = await copyOf(copy);
    await put(other, generationPath(2), await copy.read(generationPath(1)));
    await remove(generationPath(2));
    expect(await mend({ from: other })).toMatchObject({ ok: false, objects: [{ outcome: "unrepaired" }] });
    expect(await mend({ from: copy })).toMatchObject({ ok: true });
    expect(await everything(house)).toEqual(before);
  });
});

describe("a copy", () => {
  it("of another repository is refused", async () => {
    const stranger = await newRepository();
    await expect(mend({ from: stranger.storage })).rejects.toMatchObject({ code: "repository-foreign" });
  });

  it("that is damaged itself gives what of it is sound", async () => {
    const half = await copyOf(copy);
    const files = manifestSegments(manifest).map(({ id }) => segmentPath(house.task, id));
    for (const [index, path] of files.entries()) {
      await (index % 2 === 0 ? remove(path) : put(half, path, flipped(await copy.read(path), 200)));
    }
    expect(await mend({ from: half })).toMatchObject({ ok: true, lost: 0 });
    expect(await everything(house)).toEqual(before);
  });
});
