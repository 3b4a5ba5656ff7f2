/**
 * Old manifests: a chain of every generation would grow for ever. The newest stay, so that what happened lately can be
 * looked into.
 */
import type { Millis } from "../../model/clock.ts";
import { isHoldfastError } from "../../model/errors.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import { manifestPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { generations, readManifest, type StoredManifest } from "../task-store.ts";

/** Manifests that always stay. */
const KEEP_NEWEST = 64;
/** Manifests younger than this stay too. */
const KEEP_MS = 7 * DAY_MS;
/** Removed in one cleanup at most: a first one must not take for ever. */
const REMOVE_AT_MOST = 1_000;

/**
 * The first generation that has to stay, found with a few reads: a generation before an old one is older still. Errors:
 * `storage-*`.
 */
export async function firstToStay(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  { now, oldestLease }: { readonly now: Millis; readonly oldestLease: number | undefined },
  signal: AbortSignal,
): Promise<number> {
  const { generation, chainFrom } = newest.manifest;
  let low = chainFrom;
  let high = Math.max(low, Math.min(generation - KEEP_NEWEST + 1, oldestLease ?? generation));
  // Everything before `low` may go, nothing from `high` on.
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (await isOld(repository, task, middle, now - KEEP_MS, signal)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A manifest that does not read is left for `check` to find. */
async function isOld(
  repository: Repository,
  task: TaskName,
  generation: number,
  before: Millis,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return (await readManifest(repository, task, generation, signal)).manifest.written < before;
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing", "repository-newer")) return false;
    throw error;
  }
}

/** Removes generations before the first of the chain, the oldest first; returns how many. Errors: `storage-*`. */
export async function removeOldManifests(
  repository: Repository,
  task: TaskName,
  { manifest: { chainFrom } }: StoredManifest,
  signal: AbortSignal,
): Promise<number> {
  const old: number[] = [];
  for await (const generation of generations(repository, task, signal)) {
    if (generation >= chainFrom || old.length === REMOVE_AT_MOST) break;
    old.push(generation);
  }
  for (const generation of old) await repository.storage.remove(manifestPath(task, generation), signal);
  return old.length;
}
