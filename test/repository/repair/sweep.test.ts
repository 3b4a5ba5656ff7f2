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
import {
  failCall,
  faultyStorage,
  loseAnswer,
  type CallRecord,
  type Fault,
} from "../../faults/storage-faults.ts";
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

/** Repairs with faults; answers the calls that were made. */
async function repairWith(...faults: Fault[]): Promise<readonly CallRecord[]> {
  const storage = faultyStorage(house.repository.storage, ...faults);
  const workspace = new Workspace({ ...house.repository, storage }, house.workspace.sources, house.clock);
  try {
    await repair(workspace, { readData: true, from: copy, fromSource: true, apply: true });
  } catch (error) {
    if ((error as { code?: string }).code !== "storage-failed") throw error;
  }
  return storage.calls;
}

const FAULTS: readonly (readonly [string, (nth: number) => Fault])[] = [
  ["fails", (nth) => failCall({ nth })],
  ["is done but its answer is lost", (nth) => loseAnswer({ nth })],
];
/** Many repairs, on machines that do other things too. */
const TIMEOUT_MS = 180_000;
/** Of the calls that only read, one in so many; those that write are all taken. */
const READ_STEP = 150;

describe.each(FAULTS)("when a storage call of a repair %s", (_, faultAt) => {
  it(
    "nothing else is damaged, and repeating it makes everything whole",
    async () => {
      await damageAll();
      const calls = await repairWith();
      const chosen = [...calls.keys()].filter((nth) => {
        const { call } = calls[nth] as CallRecord;
        return call === "create" || call === "remove" || nth % READ_STEP === 0;
      });
      expect(chosen.length).toBeGreaterThan(10);
      for (const nth of chosen) {
        await damageAll();
        await repairWith(faultAt(nth));
        const { findings } = await check(house.workspace, { remember: false });
        const wrong = findings.filter(({ severity, path }) => severity !== "note" && !damage.has(path));
        expect(wrong, `call ${nth}`).toEqual([]);
        await repairWith();
        const after = await check(house.workspace, { readData: true, remember: false });
        expect(after.ok, `call ${nth}`).toBe(true);
        expect(await everything(house), `call ${nth}`).toEqual(before);
      }
    },
    TIMEOUT_MS,
  );
});
