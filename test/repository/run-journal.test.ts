import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { newTimedId } from "../../src/repository/ids.ts";
import { checkpointPath, journalOf, runRecordPath, runsOf } from "../../src/repository/paths.ts";
import { indexRuns, listJournal, readAllRuns, type FoundRun } from "../../src/repository/run-journal.ts";
import { writeCheckpoint, writeRunRecord } from "../../src/repository/run-records.ts";
import { readNewestManifest } from "../../src/repository/task-store.ts";
import { failCall, faultyStorage } from "../faults/storage-faults.ts";
import { recordOf, START, TaskRig } from "./cleanup/rig.ts";
import { gather, TASK } from "./segment/rig.ts";

let rig: TaskRig;
/** Oldest first. */
let runs: string[];

beforeEach(async () => {
  rig = new TaskRig();
  await rig.run({ a: "1" });
  runs = [];
});

async function addRuns(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const at = START + runs.length * 60_000;
    const run = newTimedId(at);
    await writeRunRecord(rig.repository, TASK, recordOf(run, at));
    runs.push(run);
  }
}

async function loose(): Promise<string[]> {
  return (await gather(rig.repository.storage.list(runsOf(TASK)))).map(({ path }) => path);
}

async function found(): Promise<FoundRun[]> {
  return gather(readAllRuns(rig.repository, TASK));
}

function recordIn(one: FoundRun): unknown {
  return one.kind === "ended" && one.record;
}

describe("the journal of runs", () => {
  it("takes the oldest 256 records once 320 lie loose, and they are read as before", async () => {
    await addRuns(319);
    expect((await rig.cleanup()).removed.records).toBe(0);
    await addRuns(1);
    const before = await found();
    expect((await rig.cleanup()).removed.records).toBe(256);
    expect(await loose()).toEqual(runs.slice(256).map((run) => runRecordPath(TASK, run)));
    expect(await listJournal(rig.repository, TASK)).toMatchObject([{ last: runs[255], count: 256 }]);
    const after = await found();
    expect(after.map(({ run }) => run)).toEqual(runs.toReversed());
    expect(after.map(recordIn)).toEqual(before.map(recordIn));
  });

  it("is newest first and tells no run twice, however pages and loose records overlap", async () => {
    await addRuns(400);
    const kept = await Promise.all(
      runs.map(async (run) => rig.repository.storage.read(runRecordPath(TASK, run))),
    );
    await rig.cleanup();
    // A cleanup that was cut off: its page is there, and so are some of the records in it.
    for (const index of [3, 100, 255]) {
      await rig.repository.storage.create(runRecordPath(TASK, runs[index] as string), kept[index] as Buffer);
    }
    await addRuns(300);
    // A run that began long ago has ended only now.
    const late = newTimedId(START - DAY_MS);
    await writeRunRecord(rig.repository, TASK, recordOf(late, START - DAY_MS));
    const all = [late, ...runs].reverse();
    expect((await found()).map(({ run }) => run)).toEqual(all);
    await rig.cleanup();
    expect((await found()).map(({ run }) => run)).toEqual(all);
    expect((await indexRuns(rig.repository, TASK)).total).toBe(701);
    expect((await listJournal(rig.repository, TASK)).map(({ count }) => count)).toEqual([256, 256]);
  });

  it("loses nothing when the cleanup is cut off between writing the page and removing the records", async () => {
    await addRuns(320);
    const storage = faultyStorage(
      rig.repository.storage,
      failCall({ call: "remove", nth: 40, times: 1_000 }),
    );
    await expect(rig.cleanup({}, storage)).rejects.toMatchObject({ code: "storage-failed" });
    expect(await listJournal(rig.repository, TASK)).toHaveLength(1);
    expect((await loose()).length).toBeGreaterThan(256);
    expect((await found()).map(({ run }) => run)).toEqual(runs.toReversed());
    await rig.cleanup();
    await addRuns(100);
    await rig.cleanup();
    expect((await found()).map(({ run }) => run)).toEqual(runs.toReversed());
    expect((await indexRuns(rig.repository, TASK)).total).toBe(runs.length);
  });

  it("removes no record when the page does not read back", async () => {
    await addRuns(320);
    const { storage } = rig.repository;
    const damaging = faultyStorage(storage, {
      name: "a page is cut",
      strikes: ({ call, path }) => call === "read" && path.startsWith(journalOf(TASK)),
      effect: { kind: "cut", bytes: 100 },
    });
    await expect(rig.cleanup({}, damaging)).rejects.toMatchObject({ code: "object-damaged" });
    expect(await loose()).toHaveLength(320);
  });

  it("leaves a record alone that does not read, and says of it and of a damaged page what is damaged", async () => {
    await addRuns(340);
    const path = runRecordPath(TASK, runs[7] as string);
    await rig.repository.storage.remove(path);
    await rig.repository.storage.create(path, Buffer.from("noise"));
    await rig.cleanup();
    expect(await loose()).toContain(path);
    expect((await found()).find(({ run }) => run === runs[7])).toMatchObject({ kind: "damaged", path });
    const [page] = await listJournal(rig.repository, TASK);
    await rig.repository.storage.remove(page?.path ?? "");
    await rig.repository.storage.create(page?.path ?? "", Buffer.from("noise"));
    const all = await found();
    expect(all.filter(({ kind }) => kind === "ended")).toHaveLength(340 - 256);
    expect(all.find(({ run }) => run === page?.last)).toMatchObject({ kind: "damaged", path: page?.path });
  });

  it("reads no more than the newest runs need", async () => {
    await addRuns(700);
    await rig.cleanup();
    const storage = faultyStorage(rig.repository.storage);
    const index = await indexRuns({ ...rig.repository, storage }, TASK);
    const newest: string[] = [];
    for await (const { run } of index.newestFirst(10)) {
      newest.push(run);
      if (newest.length === 10) break;
    }
    expect(newest).toEqual(runs.toReversed().slice(0, 10));
    expect(index.total).toBe(700);
    const reads = storage.calls.filter(({ call }) => call === "read").length;
    expect(reads).toBeLessThan(21);
    expect(storage.calls.length - reads).toBe(2);
  });
});

describe("checkpoints", () => {
  it("of ended runs go, of a run that may be continued stay", async () => {
    const ended = await rig.checkpoint([]);
    await writeCheckpoint(rig.repository, TASK, { ...ended, ordinal: 2 });
    await writeRunRecord(rig.repository, TASK, recordOf(ended.run, rig.now));
    const open = await rig.checkpoint([]);
    expect((await rig.cleanup()).removed.checkpoints).toBe(2);
    expect((await loose()).sort()).toEqual(
      [runRecordPath(TASK, ended.run), checkpointPath(TASK, open.run, 1)].sort(),
    );
  });

  it("of a run that another one has overtaken go, and the run is told as superseded", async () => {
    const open = await rig.checkpoint([]);
    await rig.run({ b: "1" });
    expect((await rig.cleanup()).removed.checkpoints).toBe(1);
    expect(await found()).toMatchObject([{ kind: "ended", run: open.run, record: { state: "superseded" } }]);
  });

  it("of a run that was cut off after its commit go a day later, and the run is told as committed", async () => {
    const entry = await rig.run({ b: "1" });
    const checkpoint = await rig.checkpoint([], [], (await rig.manifest()).entries[0]?.id);
    await writeCheckpoint(rig.repository, TASK, { ...checkpoint, run: entry.id });
    await rig.repository.storage.remove(checkpointPath(TASK, checkpoint.run, 1));
    expect((await rig.cleanup()).removed.checkpoints).toBe(0);
    rig.now += DAY_MS;
    expect((await rig.cleanup()).removed.checkpoints).toBe(1);
    const record = { state: "committed", instant: entry.to };
    expect(await found()).toMatchObject([{ kind: "ended", run: entry.id, record }]);
  });
});

describe("a task with 10,000 runs", () => {
  it("is opened and listed with a few hundred requests once cleanup has been there", async () => {
    await addRuns(10_000);
    for (let index = 0; index < 300; index++) await rig.amend((manifest) => manifest);
    await rig.cleanup();
    const storage = faultyStorage(rig.repository.storage);
    expect((await readNewestManifest({ ...rig.repository, storage }, TASK))?.manifest.generation).toBe(302);
    expect(storage.calls.splice(0).map(({ call }) => call)).toEqual(["list", "read"]);
    const all = await gather(readAllRuns({ ...rig.repository, storage }, TASK));
    expect(all.map(({ run }) => run)).toEqual(runs.toReversed());
    // 38 pages of 256, the rest loose, and two listings.
    expect(await listJournal(rig.repository, TASK)).toHaveLength(38);
    expect(storage.calls.filter(({ call }) => call === "list")).toHaveLength(2);
    expect(storage.calls.length).toBe(2 + 38 + (10_000 - 38 * 256));
  });
});
