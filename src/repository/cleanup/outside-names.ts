/**
 * Which files of a task are named by others than its manifest: undo records, and runs that may still be continued.
 */
import type { TaskName } from "../../model/task.ts";
import { ifIntact } from "../intact.ts";
import { fateNow } from "../open-runs.ts";
import { checkpointPath, packPath, segmentPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { listRunObjects, readCheckpoint } from "../run-records.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import type { StoredManifest } from "../task-store.ts";
import { listUndoPieces, readUndoPiece } from "../undo-pieces.ts";

export interface OutsideNames {
  /** Paths of segments and packs. */
  readonly paths: ReadonlySet<string>;
  /** Segments that runs under way have written so far: they may refer to blobs in packs of the manifest. */
  readonly segments: readonly SegmentInfo[];
  /** Paths of what does not read: which files it names is unknown. */
  readonly unreadable: readonly string[];
}

/** `newest`: tells which runs may still be continued. Errors: `storage-*`. */
export async function readOutsideNames(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  signal: AbortSignal,
): Promise<OutsideNames> {
  const paths = new Set<string>();
  const segments: SegmentInfo[] = [];
  const unreadable: string[] = [];
  for await (const { run, checkpoints, ended } of listRunObjects(repository, task, signal)) {
    if (ended) continue;
    const path = checkpointPath(task, run, checkpoints);
    const checkpoint = await ifIntact(readCheckpoint(repository, task, run, checkpoints));
    if (checkpoint === undefined) unreadable.push(path);
    else if ((await fateNow(repository, task, checkpoint, newest, signal)) === "continues") {
      segments.push(...checkpoint.groups.flat());
      for (const { id } of checkpoint.groups.flat()) paths.add(segmentPath(task, id));
      for (const { id } of checkpoint.packs) paths.add(packPath(task, id));
    }
  }
  for await (const { path, restore, ordinal } of listUndoPieces(repository, task, signal)) {
    const piece = await ifIntact(readUndoPiece(repository, task, restore, ordinal));
    if (piece === undefined) unreadable.push(path);
    else paths.add(segmentPath(task, piece.touched.id));
  }
  return { paths, segments, unreadable };
}
