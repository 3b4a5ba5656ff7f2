/**
 * A timeline at which there is something to do for everybody: a rollup over several levels, retired deltas whose delay has
 * passed, a hold on an instant and one on items, a file that nobody names.
 */
import { isHoldfastError } from "../../src/model/errors.ts";
import { keyOf } from "../../src/model/key.ts";
import type { PolicySettings } from "../../src/model/policy/layers.ts";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { runTask } from "../../src/operations/backup/run-task.ts";
import { erase } from "../../src/operations/erase.ts";
import { listTrash, restoreFromTrash } from "../../src/operations/trash.ts";
import { repair } from "../../src/operations/repair.ts";
import { cleanupTask, type CleanupOutcome } from "../../src/repository/cleanup/cleanup-task.ts";
import { newHold, type HoldTarget } from "../../src/repository/holds.ts";
import { entrySegments } from "../../src/repository/manifest.ts";
import { segmentPath } from "../../src/repository/paths.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { amendManifest, readNewestManifest } from "../../src/repository/task-store.ts";
import { rollupTask, type RollupOutcome } from "../../src/timeline/rollup/rollup-task.ts";
import { Random } from "./random.ts";
import { COLLECTION, SimHouse, SOURCE, type ActorOptions } from "./sim-house.ts";
import { watchedHouse, type Witness } from "./witness.ts";
import { editRandomly } from "./world.ts";

const NEVER = new AbortController().signal;
const SEED = 7;

const POLICY: PolicySettings = {
  keep: { daily: 2, weekly: 1, monthly: 1, yearly: 1 },
  cleanupAfter: DAY_MS,
  anomaly: { enabled: false },
};

export interface Scene {
  readonly house: SimHouse;
  readonly witness: Witness;
}

export async function setScene(repository: Repository): Promise<Scene> {
  const scene = watchedHouse(repository);
  const { house } = scene;
  const random = new Random(SEED);
  house.policy = POLICY;
  await runs(house, random, 8, 2 * DAY_MS);
  await rollUp(house);
  await hold(house, { kind: "prefix", key: keyOf("a/") });
  await runs(house, random, 4, 3 * DAY_MS);
  await rollUp(house);
  await hold(house, { kind: "instant", instant: newestInstant(scene) });
  await runs(house, random, 4, 10 * DAY_MS);
  await repository.storage.create(segmentPath(house.task, "f".repeat(32)), Buffer.from("left by a crash"));
  house.time += 2 * DAY_MS;
  const [broken] = scene.witness.violations;
  if (broken !== undefined) throw new Error(broken);
  return scene;
}

function newestInstant({ witness }: Scene): number {
  return witness.newest?.entries.at(-1)?.to ?? 0;
}

/** Runs with edits before each and time after each. */
export async function runs(house: SimHouse, random: Random, count: number, strideMs: number): Promise<void> {
  await using workspace = house.workspace();
  const request = { settings: workspace.settings(SOURCE), collection: COLLECTION, reconcile: false };
  for (let run = 0; run < count; run++) {
    for (let edit = 0; edit < 8; edit++) editRandomly(house.collection, random, house.time);
    const report = await runTask(workspace, request, {});
    if (report.state !== "committed") throw new Error(`${report.state}: ${report.error?.message}`);
    house.time += strideMs;
  }
}

export const ACTS = ["rollup", "cleanup", "hold", "trash restore", "erasure", "repair"] as const;

export type Act = (typeof ACTS)[number];

/** The item that an erasure is about: nothing holds it. */
export const ERASED = "f/x/1";

/**
 * Makes what an act needs beside the scene: for a repair a damaged repository.
 */
export async function prepareFor(act: Act, repository: Repository, time: number): Promise<void> {
  const { task } = new SimHouse(repository);
  if (act === "erasure") {
    // What an instant holds is refused.
    await amendManifest(repository, task, ({ manifest }) => {
      return { ...manifest, holds: manifest.holds.filter(({ instant }) => instant === null) };
    });
  }
  if (act !== "repair") return;
  const house = new SimHouse(repository);
  house.policy = POLICY;
  house.time = time;
  await rollUp(house, {}, true);
  const manifest = (await readNewestManifest(repository, task))?.manifest;
  // A merged delta whose inputs can still be brought back.
  const sources = new Set(manifest?.retired.map(({ into }) => into));
  const inputs = new Set(manifest?.retired.flatMap(({ entry }) => entrySegments(entry).map(({ id }) => id)));
  const lost = manifest?.entries
    .filter(({ id }) => sources.has(id))
    .flatMap(({ groups }) => groups.flat())
    .find(({ id }) => !inputs.has(id));
  if (lost === undefined) throw new Error("the scene has no merged delta");
  await repository.storage.remove(segmentPath(task, lost.id));
}

/** Carries an act out on the scene, or a copy of it, at a time. */
export async function actOn(repository: Repository, act: string, time: number): Promise<unknown> {
  const house = new SimHouse(repository);
  house.policy = POLICY;
  house.time = time;
  switch (act) {
    case "rollup":
      // Gathering alone writes nothing that could be cut off.
      return await rollUp(house, {}, true);
    case "cleanup":
      return await cleanUp(house);
    case "hold":
      return await hold(house, { kind: "item", key: keyOf("b") });
    case "trash restore":
      return await bringBack(house);
    case "erasure":
      return await eraseOn(house);
    case "repair":
      return await repair(house.workspace(), { tasks: [house.task], apply: true });
    default:
      throw new Error(`no act is called ${act}`);
  }
}

export async function rollUp(
  house: SimHouse,
  actor: ActorOptions = {},
  compact = false,
): Promise<RollupOutcome> {
  const clock = house.clock(actor.skew);
  const options = { policy: house.effective, clock, dryRun: false, compact, signal: NEVER };
  return await rollupTask(house.repository(actor), house.task, options);
}

export async function cleanUp(house: SimHouse, actor: ActorOptions = {}): Promise<CleanupOutcome> {
  const { cleanupAfter } = house.effective;
  const options = { cleanupAfter, clock: house.clock(actor.skew), dryRun: false, sweep: true, signal: NEVER };
  return await cleanupTask(house.repository(actor), house.task, options);
}

const BROUGHT_BACK = "brought back";

/** The oldest instant in the trash; again and again. */
async function bringBack(house: SimHouse): Promise<void> {
  const { plain, task } = house;
  const manifest = (await readNewestManifest(plain, task))?.manifest;
  if (manifest?.holds.some(({ reason }) => reason === BROUGHT_BACK)) return;
  await using workspace = house.workspace();
  for await (const { instant: at } of listTrash(workspace, { task })) {
    await restoreFromTrash(workspace, { task, at, reason: BROUGHT_BACK });
    return;
  }
}

/** Again and again: one that was cut off has done it, or nothing. */
async function eraseOn(house: SimHouse): Promise<void> {
  await using workspace = house.workspace();
  try {
    await erase(workspace, { task: house.task, item: ERASED, reason: "simulated" });
  } catch (error) {
    if (!isHoldfastError(error, "item-not-kept")) throw error;
  }
}

async function hold({ plain, task, time }: SimHouse, target: HoldTarget): Promise<void> {
  const added = newHold(plain.keyring, task, target, "simulated", time);
  await amendManifest(plain, task, ({ manifest }) => {
    return { ...manifest, holds: [...manifest.holds, added] };
  });
}
