/**
 * Writers that sleep before one of their storage calls, for hours or for weeks, with a clock that is days off, while others
 * go on: whatever the call, the sleeper commits what is whole, does its work anew, or fails, and no kept instant suffers.
 */
import { describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/model/errors.ts";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { backup } from "../../src/operations/backup.ts";
import { collect } from "../e2e/house.ts";
import { amendManifest, type NextManifest, type StoredManifest } from "../../src/repository/task-store.ts";
import { cleanUp, rollUp, runs, setScene, type Scene } from "./scene.ts";
import type { StorageHook } from "./hooked-storage.ts";
import { Random } from "./random.ts";
import { simulatedRepository, TASK_TEXT, type ActorOptions, type SimHouse } from "./sim-house.ts";
import { Sleeper } from "./sleeper.ts";

/** Every call is slept before in a long run; in CI every so many, so that a work has about this many sleeps, and each commit. */
const SLEEPS = process.env["HOLDFAST_SWEEP_ALL"] === undefined ? 5 : Infinity;

/** A call that no work comes to. */
const NEVER = 1_000_000;

/** Answers the instant that it says it has committed. */
type Work = (house: SimHouse, actor: ActorOptions) => Promise<string | undefined>;

const WORKS: readonly (readonly [string, Work])[] = [
  [
    "backup",
    async (house, actor) => {
      await using workspace = house.workspace(actor);
      const [report] = await collect(backup(workspace, { select: [TASK_TEXT] }));
      expect(["committed", "superseded", "failed"], report?.error?.message).toContain(report?.state);
      return report?.instant ?? undefined;
    },
  ],
  [
    "rollup",
    async (house, actor) => {
      await rollUp(house, actor);
      return undefined;
    },
  ],
  [
    "cleanup",
    async (house, actor) => {
      await cleanUp(house, actor);
      return undefined;
    },
  ],
];

/** More than the manifests that a cleanup leaves. */
const COMMITS = 90;

const MEANWHILE: readonly (readonly [string, (scene: Scene) => Promise<void>])[] = [
  [
    "others roll up and clean up for weeks",
    async ({ house }) => {
      for (let week = 0; week < 4; week++) {
        await rollUp(house);
        await cleanUp(house);
        house.time += 7 * DAY_MS;
      }
    },
  ],
  [
    "others back up, roll up and clean up for weeks",
    async ({ house }) => {
      const random = new Random(3);
      for (let week = 0; week < 4; week++) {
        await runs(house, random, 1, 7 * DAY_MS);
        await rollUp(house);
        await cleanUp(house);
      }
    },
  ],
  ["others commit so often that old manifests are removed", removeOldManifests],
  ["nobody does anything, and a day passes", async ({ house }) => void (house.time += DAY_MS)],
];

/** Only a writer that sleeps right before its commit is in danger. */
async function removeOldManifests({ house, witness }: Scene): Promise<void> {
  const again = ({ manifest }: StoredManifest): NextManifest => ({ ...manifest, written: house.time });
  for (let commit = 0; commit < COMMITS; commit++) await amendManifest(house.plain, house.task, again);
  // The last one where the witness sees it.
  await amendManifest(house.repository(), house.task, again);
  house.time += 10 * DAY_MS;
  await cleanUp(house);
  expect(witness.newest?.chainFrom).toBeGreaterThan(1);
}

/** The calls that the sleeper made; nothing is broken then. */
async function sleepThrough(
  work: Work,
  sleepsBefore: number,
  meanwhile: (scene: Scene) => Promise<void>,
): Promise<readonly string[]> {
  const scene = await setScene(simulatedRepository(1));
  const { house, witness } = scene;
  const skew = (sleepsBefore % 3) * 3 * DAY_MS - 3 * DAY_MS;
  const calls: string[] = [];
  const sleeper = new Sleeper<void>(async (sleep) => {
    const hook: StorageHook = async (call, path, act) => {
      calls.push(`${call} ${path}`);
      return await sleep(call, path, act);
    };
    try {
      const instant = await work(house, { hook, skew });
      const isKept = instant === undefined || witness.snapshots.has(Date.parse(instant));
      expect(isKept, `it says that it committed ${instant}`).toBe(true);
    } catch (error) {
      if (!isHoldfastError(error, "object-missing", "task-busy")) throw error;
    }
  }, sleepsBefore);
  await sleeper.settled();
  await meanwhile(scene);
  await sleeper.wake();
  const when = `slept before call ${sleepsBefore}`;
  expect(witness.violations, when).toEqual([]);
  await runs(house, new Random(4), 2, DAY_MS);
  await rollUp(house);
  await cleanUp(house);
  await witness.lookAgain();
  expect(witness.violations, `${when}, and afterwards`).toEqual([]);
  return calls;
}

describe.each(WORKS)("a %s that sleeps", (_, work) => {
  it.each(MEANWHILE)("while %s, breaks nothing", { timeout: 600_000 }, async (__, meanwhile) => {
    const calls = await sleepThrough(work, NEVER, async () => {});
    expect(calls.length).toBeGreaterThan(1);
    const stride = Math.max(1, Math.floor(calls.length / SLEEPS));
    for (const [sleep, call] of calls.entries()) {
      const isCommit = /^create .*\/manifests\//.test(call);
      const isDue = meanwhile !== removeOldManifests && sleep % stride === 0;
      if (isCommit || isDue) await sleepThrough(work, sleep, meanwhile);
    }
  });
});
