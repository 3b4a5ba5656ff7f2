/**
 * Every object of a small repository damaged in every way: bits flipped, cut short, swapped with another, gone. `check`
 * names the file and what is lost with it, and reading gives the right bytes or an error, never wrong bytes.
 *
 * The repository is made once by real runs; each damage is done to its objects in memory and taken back.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/model/errors.ts";
import { formatInstant } from "../../src/model/instant.ts";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import { catBlob, catItem } from "../../src/operations/cat.ts";
import { check } from "../../src/operations/check.ts";
import { listItems } from "../../src/operations/ls.ts";
import type { Finding } from "../../src/operations/reports.ts";
import { restore } from "../../src/operations/restore.ts";
import { scopeReader } from "../../src/operations/restore/scope.ts";
import { readUndoRecord } from "../../src/operations/restore/undo-record.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { entrySegments, type Manifest } from "../../src/repository/manifest.ts";
import { manifestPath, packPath, runRecordPath, segmentPath } from "../../src/repository/paths.ts";
import { writeCheckpoint } from "../../src/repository/run-records.ts";
import { backUp, collect, openHouse, type House } from "./house.ts";

const DAY_MS = 86_400_000;
/** Bits flipped in all objects of one kind together; each object has them in other places. */
const FLIPS = 150;
const INTERRUPTED = "00000000000000000000000000000001";
const SIGNAL = new AbortController().signal;

const UNDAMAGED = "the object as it is";
const LOST = ["object-damaged", "object-missing", "chain-broken"] as const;

interface Kept {
  readonly rows: readonly unknown[];
  readonly versions: readonly ReturnType<typeof plain>[];
  readonly blobs: readonly { readonly item: string; readonly name: string; readonly bytes: Buffer }[];
}

let house: House;
let task: TaskName;
let otherTask: TaskName;
let manifest: Manifest;
let undo: string;
let instants: string[];
const objects = new Map<string, Buffer>();
/** What is kept at each instant, read before anything is damaged. */
const kept = new Map<string, Kept>();

beforeAll(async () => {
  house = await openHouse();
  task = await live("main");
  const [item] = await collect(listItems(house.workspace, { task: "prod/main", prefix: "doc 1" }));
  house.clock.advance(DAY_MS);
  const report = await restore(house.workspace, {
    task: "prod/main",
    at: "latest~2",
    scope: { items: [item?.key ?? ""] },
    target: { inPlace: true },
    apply: true,
  });
  undo = report.undo ?? "";
  otherTask = await live("other");
  for (const ordinal of [1, 2]) {
    await writeCheckpoint(house.repository, task, {
      run: INTERRUPTED,
      source: { name: "prod", kind: "couchdb", collection: "main" },
      base: null,
      startedAt: 0,
      kind: "delta",
      identity: "",
      reason: "",
      ordinal,
      cursor: {},
      groups: [],
      packs: [],
      counts: { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 },
    });
  }
  const { storage } = house.repository;
  for await (const { path } of storage.list("tasks/")) objects.set(path, await storage.read(path));
  const timeline = await openTimeline(house.workspace, task);
  manifest = timeline.manifest;
  instants = timeline.instants.map(formatInstant);
  for (const at of instants) kept.set(at, await readKept(at));
});

afterAll(async () => house[Symbol.asyncDispose]());

/** A database with attachments, a conflict and a deletion; a baseline and two deltas. */
async function live(name: string): Promise<TaskName> {
  const { couch, clock } = house;
  const file = (seed: string) => ({ content_type: "image/png", data: btoa(`${name} ${seed} `.repeat(40)) });
  await couch.json("PUT", name);
  const docs: object[] = Array.from({ length: 5 }, (_, index) => ({ _id: `doc ${index}`, of: name, index }));
  docs.push({ _id: "with", _attachments: { "a.png": file("first"), "b.png": file("second") } });
  await couch.json("POST", `${name}/_bulk_docs`, { docs });
  const conflict = { _id: "doc 3", _rev: `1-${"c".repeat(32)}`, other: true };
  await couch.json("POST", `${name}/_bulk_docs`, { new_edits: false, docs: [conflict] });
  // Without rollup and cleanup, so that each run commits one manifest.
  const run = async () => backUp(house, name, false, false);
  const { task: made } = await run();
  for (const round of [1, 2]) {
    clock.advance(DAY_MS);
    const { _rev } = (await couch.json("GET", `${name}/doc%201`)) as { _rev: string };
    const gone = (await couch.json("GET", `${name}/doc%20${round === 1 ? 0 : 2}`)) as object;
    await couch.json("POST", `${name}/_bulk_docs`, {
      docs: [
        { _id: "doc 1", _rev, round },
        { ...gone, _deleted: true },
        { _id: `new ${round}`, _attachments: { "n.png": file(`round ${round}`) } },
      ],
    });
    await run();
  }
  clock.advance(DAY_MS);
  return made as TaskName;
}

/** The timeline at an instant, as a restore reads it. */
async function reader(at: string) {
  const timeline = await openTimeline(house.workspace, task);
  return scopeReader(timeline, timeline.at(Date.parse(at)), {}, SIGNAL);
}

const plain = (version: Version) => ({
  key: version.key.toString(),
  kind: version.kind,
  revision: version.revision,
  parts: version.parts.map((part) => part.toString()),
  blobs: version.blobs,
});

async function readKept(at: string): Promise<Kept> {
  const rows = await collect(listItems(house.workspace, { task, at, deleted: true }));
  const restoring = await reader(at);
  const versions = (await collect(restoring.versions())).flat();
  const blobs = [];
  for (const version of versions) {
    for (const ref of version.blobs) {
      const bytes = Buffer.concat(await collect(restoring.blob(ref)));
      blobs.push({ item: version.key.toString(), name: ref.name, bytes });
    }
  }
  return { rows, versions: versions.map(plain), blobs };
}

/** Everything a stream gives until it ends or tells that something is lost; then `lost` is true. */
async function drain<T>(
  start: () => Promise<AsyncIterable<T>> | AsyncIterable<T>,
): Promise<{ given: T[]; lost: boolean }> {
  const given: T[] = [];
  try {
    for await (const piece of await start()) given.push(piece);
    return { given, lost: false };
  } catch (error) {
    // Where the newest manifest is gone, its instant is unknown: `check` tells that, not reading.
    if (!isHoldfastError(error, ...LOST, "instant-unknown")) throw error;
    return { given, lost: true };
  }
}

/** The ways of reading; each returns whether anything was lost, and fails where anything wrong is given. */
const READS: readonly ((at: string, what: string) => Promise<boolean>)[] = [
  async (at, what) => {
    const { given, lost } = await drain(async () => (await reader(at)).versions());
    return exact(given.flat().map(plain), (kept.get(at) as Kept).versions, lost, what);
  },
  async (at, what) => {
    const { given, lost } = await drain(() => listItems(house.workspace, { task, at, deleted: true }));
    return exact(given, (kept.get(at) as Kept).rows, lost, what);
  },
  async (at, what) => {
    let anyLost = false;
    for (const { item, name, bytes } of (kept.get(at) as Kept).blobs) {
      const { given, lost } = await drain(() => catBlob(house.workspace, { task, item, name, at }));
      anyLost = exact(Array.from(Buffer.concat(given)), Array.from(bytes), lost, what) || anyLost;
    }
    return anyLost;
  },
  async (at, what) => {
    let anyLost = false;
    for (const { key, parts } of (kept.get(at) as Kept).versions) {
      const { given, lost } = await drain(async function* () {
        yield (await catItem(house.workspace, { task, item: key, at })).parts.map(String);
      });
      anyLost = exact(given, [parts], lost, what) || anyLost;
    }
    return anyLost;
  },
];

/** What was given is right to its end, or to where the loss was told. */
function exact(given: readonly unknown[], right: readonly unknown[], lost: boolean, what: string): boolean {
  const expected = JSON.stringify(lost ? right.slice(0, given.length) : right);
  if (JSON.stringify(given) !== expected) expect(given, what).toEqual(JSON.parse(expected));
  return lost;
}

async function readDamaged(at: string, what: string, reads = READS): Promise<boolean> {
  let lost = false;
  for (const read of reads) lost = (await read(at, what)) || lost;
  return lost;
}

/** Puts other bytes (undefined: none) in an object's place. */
async function put(path: string, bytes: Buffer | undefined): Promise<void> {
  const { storage } = house.repository;
  await storage.remove(path);
  if (bytes !== undefined) await storage.create(path, bytes);
}

async function withDamage<T>(
  damage: ReadonlyMap<string, Buffer | undefined>,
  look: () => Promise<T>,
): Promise<T> {
  for (const [path, bytes] of damage) await put(path, bytes);
  try {
    return await look();
  } finally {
    for (const path of damage.keys()) await put(path, objects.get(path));
  }
}

async function findings(of: TaskName = task): Promise<readonly Finding[]> {
  return (await check(house.workspace, { task: of, readData: true })).findings;
}

/** One object damaged: `check` and reading do what they promise. */
async function examine(
  path: string,
  bytes: Buffer | undefined,
  what: string,
  at: string,
  reads = READS,
): Promise<void> {
  await withDamage(new Map([[path, bytes]]), async () => {
    const found = (await findings()).filter((finding) => finding.path === path);
    const errors = found.filter(({ severity }) => severity === "error");
    expect(errors.length, `${what}: an error names it`).toBeGreaterThan(0);
    const lost = await readDamaged(at, what, reads);
    const owners = ownersOf(path);
    if (owners.length === 0) return;
    const isFile = !path.includes("/manifests/");
    // A pack's runs are told by the items that are lost with it; its frame and padding hold none.
    if (lost || !path.includes("/blobs/")) {
      expect(
        errors.flatMap(({ runs }) => runs),
        what,
      ).toEqual(expect.arrayContaining(owners));
      const owned = manifest.entries
        .filter(({ id }) => owners.includes(id))
        .map(({ to }) => formatInstant(to));
      expect(
        errors.flatMap(({ instants: named }) => named),
        what,
      ).toEqual(expect.arrayContaining(owned));
    }
    if (lost && isFile) expect(errors.flatMap(({ items }) => items).length, what).toBeGreaterThan(0);
  });
}

/** Runs of the entry that an object belongs to: none for undo records and runs that committed nothing. */
function ownersOf(path: string): string[] {
  return manifest.entries
    .filter(
      (entry, index) =>
        path === manifestPath(task, index + 1) ||
        path === runRecordPath(task, entry.id) ||
        entrySegments(entry).some(({ id }) => path === segmentPath(task, id)),
    )
    .map(({ id }) => id);
}

const mine = (): string[] => [...objects.keys()].filter((path) => path.startsWith(`tasks/${task}/`));
const folderOf = (path: string): string => path.split("/")[2] as string;
/** The instants in turn, so that together the damages of one object are looked at from all of them. */
const inTurn = (step: number): string => instants[step % instants.length] as string;

/** One way of reading in turn; those that no damage in the folder can reach are left out. */
function readsFor(folder: string, step: number): typeof READS {
  if (folder === "runs" || folder === "restores") return [];
  if (folder === "blobs") return READS.slice(2, 3);
  const turn = Math.floor(step / instants.length) % READS.length;
  return READS.slice(turn, turn + 1);
}

describe("a repository made by real runs", () => {
  it("has every kind of object, of two tasks, and is sound", async () => {
    expect(new Set(mine().map(folderOf))).toEqual(
      new Set(["manifests", "segments", "blobs", "runs", "restores"]),
    );
    expect(manifest.entries.length).toBe(4);
    expect(manifest.packs.length).toBe(3);
    expect(undo).toMatch(/^[0-9a-f]{32}$/);
    expect((kept.get(instants[0] as string) as Kept).blobs.length).toBe(2);
    expect((await check(house.workspace, { readData: true })).findings).toEqual([]);
    expect(await readDamaged(instants[0] as string, UNDAMAGED)).toBe(false);
  });

  it("tells a file that nobody names only as a note", async () => {
    const path = segmentPath(task, "f".repeat(32));
    await withDamage(new Map([[path, Buffer.from("left over")]]), async () => {
      expect(await findings()).toMatchObject([{ severity: "note", code: "unreferenced", path }]);
    });
    await put(path, undefined);
  });
});

describe("check names the file, and nothing wrong is read,", () => {
  it.each(["manifests", "segments", "blobs", "runs", "restores"])(
    "when a bit is flipped anywhere in an object of %s",
    async (folder) => {
      const paths = mine().filter((path) => folderOf(path) === folder);
      const each = Math.ceil(FLIPS / paths.length);
      for (const [nth, path] of paths.entries()) {
        const whole = objects.get(path) as Buffer;
        for (let step = 0; step < each; step++) {
          const position = Math.floor(((step + nth / paths.length) * whole.length) / each);
          const flipped = Buffer.from(whole);
          flipped[position] = (whole[position] as number) ^ (1 << (step % 8));
          const what = `${path} flipped at ${position}`;
          await examine(path, flipped, what, inTurn(step), readsFor(folder, step));
        }
      }
    },
    60_000,
  );

  it("when an object is cut short", async () => {
    for (const path of mine()) {
      const whole = objects.get(path) as Buffer;
      for (const [step, length] of [0, whole.length >> 1, whole.length - 1].entries()) {
        await examine(path, whole.subarray(0, length), `${path} cut to ${length}`, inTurn(step + 2));
      }
    }
  });

  it("when two objects of one kind are swapped, of this task or of two", async () => {
    for (const path of mine()) {
      for (const owner of [task, otherTask]) {
        const others = [...objects.keys()].filter(
          (candidate) =>
            candidate !== path &&
            candidate.startsWith(`tasks/${owner}/`) &&
            folderOf(candidate) === folderOf(path),
        );
        // The next of this task, and one of the other.
        const next = others.findIndex((other) => other > path);
        for (const other of others.slice(Math.max(0, next)).slice(0, 1)) {
          const what = `${path} swapped with ${other}`;
          const swap = new Map([
            [path, objects.get(other)],
            [other, objects.get(path)],
          ]);
          await withDamage(swap, async () => {
            const found = [...(await findings()), ...(await findings(otherTask))];
            const named = found.filter(({ severity }) => severity === "error").map((finding) => finding.path);
            expect(named, what).toEqual(expect.arrayContaining([path, other]));
            await readDamaged(inTurn(manifest.entries.length - 1), what);
          });
        }
      }
    }
  });

  it("when an object is gone", async () => {
    for (const path of mine()) {
      // A run that is cut off leaves just the same: no record, no checkpoint, no undo record.
      if (folderOf(path) === "runs" || folderOf(path) === "restores") continue;
      const rolledBack = path === manifestPath(task, manifest.generation);
      // Nothing but a run's record knows of a manifest that is gone; reading takes the one before as the newest.
      const from = rolledBack ? instants.slice(0, -1) : instants;
      for (const at of from) await examine(path, undefined, `${path} removed`, at);
    }
  });
});

describe("what a run that was cut off may leave just the same", () => {
  it("is a note when a run's record is gone", async () => {
    for (const { id } of manifest.entries) {
      const path = runRecordPath(task, id);
      await withDamage(new Map([[path, undefined]]), async () => {
        expect(await findings()).toMatchObject([
          { severity: "note", code: "object-missing", path, runs: [id] },
        ]);
      });
    }
  });

  it("is a note on its list of items when an undo record is gone as a whole", async () => {
    const path = mine().find((candidate) => folderOf(candidate) === "restores") as string;
    await withDamage(new Map([[path, undefined]]), async () => {
      expect(await findings()).toMatchObject([{ severity: "note", code: "unreferenced" }]);
    });
  });
});

describe("an undo record", () => {
  it("is refused when a piece in front of another is gone", async () => {
    const path = mine().find((candidate) => folderOf(candidate) === "restores") as string;
    const second = path.replace(/1$/, "2");
    await withDamage(new Map([[path, undefined]]), async () => {
      await put(second, objects.get(path));
      const found = await findings();
      expect(found).toContainEqual(expect.objectContaining({ code: "object-missing", path }));
      await expect(readUndoRecord(house.repository, task, undo)).rejects.toMatchObject({
        code: "object-missing",
      });
    });
    await put(second, undefined);
  });
});

describe("a timeline that was rolled back", () => {
  it("is noticed by the records of the runs that committed, however far", async () => {
    const damage = new Map<string, undefined>();
    for (let generation = manifest.generation; generation >= 1; generation--) {
      damage.set(manifestPath(task, generation), undefined);
      const { id, to } = manifest.entries[generation - 1] as Manifest["entries"][number];
      await withDamage(damage, async () => {
        expect(await findings()).toContainEqual(
          expect.objectContaining({
            severity: "error",
            code: "chain-broken",
            path: manifestPath(task, generation),
            runs: [id],
            instants: [formatInstant(to)],
          }),
        );
      });
    }
  });
});

describe("a damaged pack", () => {
  it("is told with every item, run and instant that needs it", async () => {
    for (const { id } of manifest.packs) {
      const path = packPath(task, id);
      const users = new Set<string>();
      for (const at of instants) {
        for await (const batch of (await reader(at)).versions()) {
          for (const { key, blobs } of batch) {
            if (blobs.some(({ pack }) => pack === id)) users.add(key.toString());
          }
        }
      }
      await withDamage(new Map([[path, undefined]]), async () => {
        const found = (await findings()).find((finding) => finding.path === path);
        expect(new Set(found?.items)).toEqual(users);
        expect(users.size).toBeGreaterThan(0);
        expect(found?.runs).not.toEqual([]);
        expect(found?.instants).toHaveLength(found?.runs.length ?? 0);
      });
    }
  });
});
