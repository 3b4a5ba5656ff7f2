/**
 * Runs that were cut off: which one the next run continues, and which can never be committed any more.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { fateNow, fateOf } from "../../repository/open-runs.ts";
import { segmentPath } from "../../repository/paths.ts";
import {
  listRunObjects,
  readCheckpoint,
  recordOfCheckpoint,
  writeRunRecord,
  type Checkpoint,
} from "../../repository/run-records.ts";
import { openPages } from "../../repository/segment/segment-pages.ts";
import type { StoredManifest } from "../../repository/task-store.ts";
import type { Workspace } from "../workspace.ts";

/**
 * The newest checkpoint that continues from `base`, or undefined. Open runs that started from an older manifest are given
 * their record: `superseded`.
 */
export async function findInterrupted(
  workspace: Workspace,
  task: TaskName,
  base: StoredManifest | undefined,
): Promise<Checkpoint | undefined> {
  let found: Checkpoint | undefined;
  for await (const { run, checkpoints, ended } of listRunObjects(workspace.repository, task)) {
    if (ended || checkpoints === 0) continue;
    const checkpoint = await readIntact(workspace, task, run, checkpoints);
    if (checkpoint === undefined) continue;
    const fate = fateOf(checkpoint, base);
    if (fate === "continues") found = checkpoint;
    if (fate === "superseded" && (await isSuperseded(workspace, task, checkpoint, base))) {
      const record = recordOfCheckpoint(checkpoint, "superseded", workspace.clock.now());
      await writeRunRecord(workspace.repository, task, record);
    }
  }
  return found !== undefined && (await isWhole(workspace, task, found, base)) ? found : undefined;
}

/** Not if it builds on what another run has committed since `base` was read. */
async function isSuperseded(
  { repository }: Workspace,
  task: TaskName,
  checkpoint: Checkpoint,
  base: StoredManifest | undefined,
): Promise<boolean> {
  return (await fateNow(repository, task, checkpoint, base)) === "superseded";
}

/** A damaged checkpoint is not worth a backup: its run is left to `check`, and the next one begins anew. */
async function readIntact(
  workspace: Workspace,
  task: TaskName,
  run: string,
  ordinal: number,
): Promise<Checkpoint | undefined> {
  try {
    return await readCheckpoint(workspace.repository, task, run, ordinal);
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing")) return undefined;
    throw error;
  }
}

async function isWhole(
  workspace: Workspace,
  task: TaskName,
  checkpoint: Checkpoint,
  base: StoredManifest | undefined,
): Promise<boolean> {
  for (const segment of checkpoint.groups.flat()) {
    const stat = await workspace.repository.storage.stat(segmentPath(task, segment.id));
    if (stat?.size !== segment.bytes) return false;
  }
  return checkpoint.base === (base?.digest ?? null) || hasItsPacks(workspace, task, checkpoint, base);
}

/** Cleanup may have given up packs since the run began: its versions may refer to blobs in them. */
async function hasItsPacks(
  { repository: { storage, keyring } }: Workspace,
  task: TaskName,
  checkpoint: Checkpoint,
  base: StoredManifest | undefined,
): Promise<boolean> {
  const kept = new Set([...(base?.manifest.packs ?? []), ...checkpoint.packs].map(({ id }) => id));
  for (const segment of checkpoint.groups.flat().filter(({ counts }) => counts.blobRefs > 0)) {
    const pages = await openPages(storage, keyring, task, segment);
    for await (const blobs of pages.allBlobs()) if (blobs.some(({ pack }) => !kept.has(pack))) return false;
  }
  return true;
}
