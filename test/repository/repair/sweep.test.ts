/**
 * A repair that is cut off at any call: nothing but what was damaged before is damaged afterwards, and repeating it makes
 * everything whole.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { check } from "../../../src/operations/check.ts";
import { repair } from "../../../src/operations/repair.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import { manifestPath, packPath, runRecordPath, segmentPath } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { failCall, faultyStorage, loseAnswer, type Fault } from "../../faults/storage-faults.ts";
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
  type LivedHouse,
} from "./rig.ts";

let house: LivedHouse;
let copy: Storage;
let before: unknown;
/** What is done to the repository before each repair: undefined for gone. */
const damage = new Map<string, Buffer | undefined>();

beforeAll(async () => {
  house = await livedHouse();
  copy = await copyOf(house.repository.storage);
  before = await everything(house);
  const { task } = house;
  const manifest = await manifestOf(house);
  const [newest] = newestRuns(manifest);
  const flip = async (path: string) => damage.set(path, flipped(await copy.read(path), 200));
  damage.set(segmentPath(task, mergedEntry(manifest).groups[0]?.[0]?.id ?? ""), undefined);
  damage.set(packPath(task, manifest.packs[0]?.id ?? ""), undefined);
  await flip(segmentPath(task, newest.groups[0]?.[0]?.id ?? ""));
  await flip(packPath(task, manifest.packs[1]?.id ?? ""));
  await flip(manifestPath(task, 2));
  await flip(runRecordPath(task, newest.id));
});

afterAll(async () => house[Symbol.asyncDispose]());

async function damageAll(): Promise<void> {
  await resetTo(house.repository.storage, copy);
  for (const [path, bytes] of damage) await put(house.repository.storage, path, bytes);
}

/** Repairs with faults; answers how many calls were made. */
async function repairWith(from: Storage | undefined, ...faults: Fault[]): Promise<number> {
  const storage = faultyStorage(house.repository.storage, ...faults);
  const workspace = new Workspace({ ...house.repository, storage }, house.workspace.sources, house.clock);
  try {
    const request = { readData: true, fromSource: true, apply: true };
    await repair(workspace, from === undefined ? request : { ...request, from });
  } catch (error) {
    if ((error as { code?: string }).code !== "storage-failed") throw error;
  }
  return storage.calls.length;
}

const FAULTS: readonly (readonly [string, (nth: number) => Fault])[] = [
  ["fails", (nth) => failCall({ nth })],
  ["is done but its answer is lost", (nth) => loseAnswer({ nth })],
];
/** Calls are taken in steps, the second fault at other ones than the first: together they are most of them. */
const STEP = 4;

describe.each(FAULTS)("when a storage call of a repair %s", (name, faultAt) => {
  it("nothing else is damaged, and repeating it makes everything whole", async () => {
    await damageAll();
    const calls = await repairWith(copy);
    expect(calls).toBeGreaterThan(100);
    for (let nth = name === "fails" ? 0 : STEP >> 1; nth < calls; nth += STEP) {
      await damageAll();
      await repairWith(copy, faultAt(nth));
      const { findings } = await check(house.workspace, { readData: true, remember: false });
      const wrong = findings.filter(({ severity, path }) => severity !== "note" && !damage.has(path));
      expect(wrong, `call ${nth}`).toEqual([]);
      await repairWith(copy);
      const after = await check(house.workspace, { readData: true, remember: false });
      expect(after.ok, `call ${nth}`).toBe(true);
      expect(await everything(house), `call ${nth}`).toEqual(before);
    }
  });
});
