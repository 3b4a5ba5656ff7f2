/**
 * Runs that were cut off: which one the next run continues, and which can never be committed any more.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { segmentPath } from "../../repository/paths.ts";
import {
  listRunObjects,
  readCheckpoint,
  recordOfCheckpoint,
  writeRunRecord,
  type Checkpoint,
} from "../../repository/run-records.ts";
import type { StoredManifest } from "../../repository/task-store.ts";
import type { Workspace } from "../workspace.ts";
import { entryId } from "./commit-run.ts";

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
    if (continuesFrom(checkpoint, base)) found = checkpoint;
    else {
      const record = recordOfCheckpoint(checkpoint, "superseded", workspace.clock.now());
      await writeRunRecord(workspace.repository, task, record);
    }
  }
  return found !== undefined && (await isWhole(workspace, task, found)) ? found : undefined;
}

/** Rollups and holds since then do not matter: the newest entry is what a run builds on. */
function continuesFrom(checkpoint: Checkpoint, base: StoredManifest | undefined): boolean {
  if (checkpoint.after === undefined) return checkpoint.base === (base?.digest ?? null);
  return checkpoint.after === entryId(base);
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

async function isWhole(workspace: Workspace, task: TaskName, checkpoint: Checkpoint): Promise<boolean> {
  for (const segment of checkpoint.groups.flat()) {
    const stat = await workspace.repository.storage.stat(segmentPath(task, segment.id));
    if (stat?.size !== segment.bytes) return false;
  }
  return true;
}
