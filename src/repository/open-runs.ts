/**
 * Runs without a record: whether one can still be committed, as far as its newest checkpoint tells.
 */
import type { TaskName } from "../model/task.ts";
import { newestEntry, type Manifest } from "./manifest.ts";
import type { Repository } from "./repository.ts";
import type { Checkpoint } from "./run-records.ts";
import { readNewestManifest, type StoredManifest } from "./task-store.ts";

/**
 * `continues`: a run may go on from the checkpoint. `committed`: it is part of the timeline and was cut off before it wrote
 * its record. `superseded`: another run committed first, so this one never can.
 */
export type OpenRunFate = "continues" | "committed" | "superseded";

/** `base`: the newest manifest. Rollups and holds since the checkpoint do not matter: a run builds on the newest entry. */
export function fateOf(checkpoint: Checkpoint, base: StoredManifest | undefined): OpenRunFate {
  const continues =
    checkpoint.after === undefined
      ? checkpoint.base === (base?.digest ?? null)
      : checkpoint.after === entryId(base);
  if (continues) return "continues";
  return base !== undefined && isEntry(base.manifest, checkpoint.run) ? "committed" : "superseded";
}

/**
 * As `fateOf`, for a checkpoint that was read after `known` was: others may have committed in between what it builds on.
 * Errors: as `readNewestManifest`.
 */
export async function fateNow(
  repository: Repository,
  task: TaskName,
  checkpoint: Checkpoint,
  known: StoredManifest | undefined,
  signal?: AbortSignal,
): Promise<OpenRunFate> {
  const fate = fateOf(checkpoint, known);
  return fate === "superseded"
    ? fateOf(checkpoint, await readNewestManifest(repository, task, signal))
    : fate;
}

/**
 * What a run builds on: two manifests that end in the same entry are the same to it, unless an item was erased in between,
 * which the run may have seen before.
 */
export function entryId(stored: StoredManifest | undefined): string | null {
  if (stored === undefined) return null;
  const { id } = newestEntry(stored.manifest);
  const { erased } = stored.manifest;
  return erased === 0 ? id : `${id} ${erased}`;
}

function isEntry({ entries, retired }: Manifest, run: string): boolean {
  return entries.some(({ id }) => id === run) || retired.some(({ entry }) => entry.id === run);
}
