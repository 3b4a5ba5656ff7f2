/**
 * The end of a history: what the witness worked out from segments must also be what the product's own readers say.
 */
import { keyOf, keyText } from "../../src/model/key.ts";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import type { Version } from "../../src/model/version.ts";
import { check } from "../../src/operations/check.ts";
import { restore } from "../../src/operations/restore.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import type { Workspace } from "../../src/operations/workspace.ts";
import { cleanupTask } from "../../src/repository/cleanup/cleanup-task.ts";
import { readOutsideNames } from "../../src/repository/cleanup/outside-names.ts";
import { manifestPaths } from "../../src/repository/manifest.ts";
import { packsOf, segmentsOf } from "../../src/repository/paths.ts";
import { readNewestManifest } from "../../src/repository/task-store.ts";
import type { Timeline } from "../../src/timeline/timeline.ts";
import type { Believed } from "./fake-service.ts";
import type { Stage } from "./actors.ts";
import { sortedKeys } from "./keys.ts";
import { TASK_TEXT, type SimHouse } from "./sim-house.ts";
import type { Witness } from "./witness.ts";
import { KEYS } from "./world.ts";

/** One to condemn, one to delete, one to forget; with longer than any delay between them. */
const CLEANUPS = 3;
const CLEANUP_PAUSE_MS = 15 * DAY_MS;
const NEVER = new AbortController().signal;

export async function proveEnd(stage: Stage): Promise<void> {
  await using workspace = stage.house.workspace();
  const timeline = await openTimeline(workspace, TASK_TEXT);
  for (const instant of timeline.instants) {
    const snapshot = stage.witness.snapshots.get(instant) ?? new Map<string, Believed>();
    for (const broken of await proveInstant(timeline, instant, snapshot)) stage.expect(false, broken);
  }
  for (const key of KEYS) await proveHistory(stage, timeline, key);
  const { findings } = await check(workspace, { task: TASK_TEXT, readData: true });
  for (const { severity, message } of findings) stage.expect(severity === "note", `check: ${message}`);
  const instant = stage.random.pick(timeline.instants);
  for (const broken of await brokenRestore(stage.house, stage.witness, workspace, instant)) {
    stage.expect(false, broken);
  }
  await proveNothingLeft(stage);
}

/** Cleanups, with time between them, leave no segment and no pack that neither the timeline nor an undo record needs. */
async function proveNothingLeft(stage: Stage): Promise<void> {
  const { house, witness } = stage;
  if (witness.newest?.freeze !== null) return;
  const { cleanupAfter } = house.effective;
  for (let round = 0; round < CLEANUPS; round++) {
    house.time += CLEANUP_PAUSE_MS;
    const options = { cleanupAfter, clock: house.clock(), dryRun: false, sweep: true, signal: NEVER };
    await cleanupTask(house.repository(), house.task, options);
  }
  const newest = await readNewestManifest(house.plain, house.task);
  if (newest === undefined) return;
  const named = await readOutsideNames(house.plain, house.task, newest, NEVER);
  const needed = new Set([...manifestPaths(newest.manifest), ...named.paths]);
  for (const folder of [segmentsOf(house.task), packsOf(house.task)]) {
    for await (const { path } of house.plain.storage.list(folder)) {
      stage.expect(needed.has(path), `${path} is left behind`);
    }
  }
}

/** What is wrong with an instant, scanned and looked up. */
export async function proveInstant(
  timeline: Timeline,
  instant: number,
  snapshot: ReadonlyMap<string, Believed>,
): Promise<string[]> {
  const broken: string[] = [];
  const view = timeline.at(instant);
  const at = new Date(instant).toISOString();
  const scanned: string[] = [];
  for await (const versions of view.scanPresent()) {
    for (const version of versions) {
      const key = keyText(version.key);
      scanned.push(key);
      if (!isSame(version, snapshot.get(key)))
        broken.push(`${key} at ${at} is scanned as ${version.revision}`);
    }
  }
  if (scanned.join() !== sortedKeys(scanned).join()) broken.push(`the scan of ${at} is out of order`);
  for (const [key, believed] of snapshot) {
    const isLive = believed !== "purged" && believed.kind === "live";
    if (isLive && !scanned.includes(key)) broken.push(`${key} at ${at} is not scanned`);
  }
  const keys = sortedKeys(KEYS);
  const found = await view.getMany(keys.map(keyOf));
  for (const [index, key] of keys.entries()) {
    const version = found[index];
    const present = version !== undefined && version.kind !== "purged";
    if (present !== scanned.includes(key)) broken.push(`${key} at ${at} is scanned or found, not both`);
    if (version !== undefined && !isSame(version, snapshot.get(key))) {
      broken.push(`${key} at ${at} is found as ${version.revision}`);
    }
  }
  return broken;
}

/** Every kept version is what its entry's run saw, newest first. */
async function proveHistory(stage: Stage, timeline: Timeline, key: string): Promise<void> {
  let before = Infinity;
  for await (const { instant, version } of timeline.history(keyOf(key))) {
    stage.expect(
      isSame(version, stage.witness.snapshots.get(instant)?.get(key)),
      `the history of ${key} is wrong at ${instant}`,
    );
    stage.expect(instant <= before, `the history of ${key} is out of order at ${instant}`);
    before = instant;
  }
}

/** Restores an instant into a new collection; what is wrong with that. Errors: as `restore`. */
export async function brokenRestore(
  house: SimHouse,
  witness: Witness,
  workspace: Workspace,
  instant: number,
): Promise<string[]> {
  const collection = house.newName();
  const at = new Date(instant).toISOString();
  const request = { task: TASK_TEXT, at, scope: {}, target: { collection }, apply: true };
  // The newest kept instant up to then: the one that was meant may have been given up meanwhile.
  const restoredInstant = Date.parse((await restore(workspace, request)).instant);
  const restored = house.service.collections.get(collection)?.items;
  const broken: string[] = [];
  for (const [key, believed] of witness.snapshots.get(restoredInstant) ?? []) {
    const item = restored?.get(key);
    if (believed === "purged") {
      if (item !== undefined) broken.push(`${key} was purged and is restored`);
    } else if (believed.kind === "live" || !witness.forgetsTombstones) {
      const same = item?.revision === believed.revision && item.body.equals(believed.body);
      if (!same) broken.push(`${key} is restored as ${item?.revision}, it was ${believed.revision}`);
    }
  }
  return broken;
}

function isSame(version: Version, believed: Believed | undefined): boolean {
  if (believed === undefined) return false;
  if (believed === "purged") return version.kind === "purged";
  const sameBody = version.parts[0]?.equals(believed.body) ?? false;
  return version.kind === believed.kind && version.revision === believed.revision && sameBody;
}
