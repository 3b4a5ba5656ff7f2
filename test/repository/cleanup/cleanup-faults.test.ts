/**
 * A cleanup with a fault at every storage call that it makes, one at a time: what it leaves is whole, and repeating it
 * finishes the work.
 */
import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { newTimedId } from "../../../src/repository/ids.ts";
import { readAllRuns } from "../../../src/repository/run-journal.ts";
import { writeRunRecord } from "../../../src/repository/run-records.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import {
  failCall,
  loseAnswer,
  sweepCalls,
  type CallRecord,
  type Fault,
} from "../../faults/storage-faults.ts";
import { gather, TASK } from "../segment/rig.ts";
import { recordOf, START, TaskRig } from "./rig.ts";

/** Enough loose records for one page of the journal. */
const RUNS = 330;

/** Objects of a task that has everything a cleanup deals with, and so many ended runs, as they are when it begins. */
async function everythingDue(
  runs: number,
): Promise<{ readonly rig: TaskRig; readonly objects: Map<string, Buffer> }> {
  const rig = new TaskRig();
  const { packs, blobs } = await rig.pack("picture");
  await rig.run({ a: "1", b: "1" }, { packs, blobs });
  const idle = await rig.pack("idle picture");
  await rig.run({ a: "2" }, { packs: idle.packs });
  await rig.run({ c: "1" });
  await rig.segment({ crashed: "long ago" });
  await rig.cleanup();
  rig.now += DAY_MS;
  await rig.rollUp(...(await rig.manifest()).entries.slice(1).map(({ to }) => to));
  await rig.segment({ crashed: "lately" });
  const superseded = await rig.checkpoint([await rig.segment({ superseded: "1" })], [], "another");
  expect(superseded.ordinal).toBe(1);
  for (let index = 0; index < runs; index++) {
    const at = START - (runs - index) * DAY_MS;
    await writeRunRecord(rig.repository, TASK, recordOf(newTimedId(at), at));
  }
  // Old generations, so that some may go.
  for (let index = 0; index < 70; index++) await rig.amend((manifest) => manifest);
  rig.now += 8 * DAY_MS;
  return { rig, objects: await contents(rig.repository.storage) };
}

async function contents(storage: Storage): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  for (const { path } of await gather(storage.list(""))) objects.set(path, await storage.read(path));
  return objects;
}

/** Segments, packs, runs and manifests that are there, without what differs each time. */
async function summary(rig: TaskRig, storage: Storage): Promise<unknown> {
  const paths = await rig.paths(storage);
  const runs = await gather(readAllRuns({ ...rig.repository, storage }, TASK));
  return {
    files: paths.filter((path) => /\/(segments|blobs|leases|restores)\//.test(path)),
    checkpoints: paths.filter((path) => /\/runs\/.*\d{6}$/.test(path)),
    runs: runs.map(({ kind, run }) => `${kind} ${run}`),
    manifests: paths.filter((path) => path.includes("/manifests/")).length < 75,
  };
}

const FAULTS: readonly (readonly [string, (nth: number) => Fault])[] = [
  ["fails", (nth) => failCall({ nth })],
  ["is done but its answer is lost", (nth) => loseAnswer({ nth })],
];

/** Sweeps a fault over the calls of one cleanup, and repeats the cleanup after each. */
async function sweepCleanup(
  runs: number,
  fault: (nth: number) => Fault,
  only: (record: CallRecord) => boolean,
  tells: object,
): Promise<number> {
  const { rig, objects } = await everythingDue(runs);
  const makeStorage = async (): Promise<Storage> => {
    const storage = memoryStorage();
    for (const [path, bytes] of objects) await storage.create(path, bytes);
    return storage;
  };
  const finish = async (storage: Storage): Promise<void> => {
    await rig.cleanup({ sweep: true }, storage);
    await rig.cleanup({ sweep: true }, storage);
  };
  const sound = await makeStorage();
  expect(await rig.cleanup({}, sound)).toMatchObject(tells);
  await finish(sound);
  const reference = await summary(rig, sound);
  return sweepCalls({
    makeStorage,
    fault,
    only,
    run: async (storage) => {
      await rig.cleanup({}, storage);
    },
    check: async (storage) => {
      await rig.expectAllReads(storage);
      await rig.cleanup({}, storage);
      await rig.expectAllReads(storage);
      await finish(storage);
      expect(await summary(rig, storage)).toEqual(reference);
    },
  });
}

/** One in so many of the calls that this is true of, and all others. */
function sampled(isLike: (record: CallRecord) => boolean, oneIn: number): (record: CallRecord) => boolean {
  let seen = 0;
  return (record) => !isLike(record) || seen++ % oneIn === 0;
}

function removesManifest({ call, path }: CallRecord): boolean {
  return call === "remove" && path.includes("/manifests/");
}

describe.each(FAULTS)("when a storage call of a cleanup %s", (_, fault) => {
  it("every kept instant still reads and a repeated cleanup finishes", async () => {
    const tells = { files: 4, removed: { checkpoints: 1, manifests: 11 } };
    expect(await sweepCleanup(3, fault, sampled(removesManifest, 8), tells)).toBeGreaterThan(30);
  });

  it("no run is lost on its way into the journal", async () => {
    const record = sampled(({ path }) => path.includes("/runs/"), 128);
    const only = (call: CallRecord): boolean => /\/(runs|journal)\//.test(call.path) && record(call);
    const tells = { removed: { records: 256 } };
    expect(await sweepCleanup(RUNS, fault, only, tells)).toBeGreaterThan(5);
  });
});
