/**
 * `cleanup`: deletes what rollups replaced, once its time is over, and what nothing names any more.
 */
import { formatInstant } from "../model/instant.ts";
import type { TaskName } from "../model/task.ts";
import { cleanupTask, type CleanedFile, type CleanupOutcome } from "../repository/cleanup/cleanup-task.ts";
import { governedTasks, type GovernedTask } from "./governed-tasks.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { CleanupFile, CleanupReport } from "./reports.ts";
import type { Workspace } from "./workspace.ts";

/** Files named in a report; all are counted. */
const EXAMPLES = 10;

export interface CleanupRequest {
  /** Empty: every task of a configured source. */
  readonly tasks: readonly string[];
  /** Only tell what would be deleted. */
  readonly dryRun: boolean;
  /** Search for files that nothing names even if that was done today. */
  readonly sweep?: boolean;
  /** Every file that is deleted, or would be, and every one that waits. */
  readonly onFile?: (file: CleanupFile) => void;
}

/**
 * One report for each task as it ends. Errors: `source-unknown`, `task-busy`, `object-missing` when a listing lacks a file
 * that the timeline needs (nothing is deleted then), `storage-*`.
 */
export async function* cleanup(
  workspace: Workspace,
  request: CleanupRequest,
  hooks: Hooks = {},
): AsyncGenerator<CleanupReport> {
  for await (const governed of governedTasks(workspace, request.tasks, hooks)) {
    yield await cleanupOne(workspace, governed, request, hooks);
  }
}

async function cleanupOne(
  { repository, clock }: Workspace,
  { task, source, policy }: GovernedTask,
  request: CleanupRequest,
  hooks: Hooks,
): Promise<CleanupReport> {
  const startedAt = clock.now();
  const name = `${source.name}/${source.collection}`;
  const files: CleanupFile[] = [];
  let waitingBytes = 0;
  const outcome = await cleanupTask(repository, task, {
    cleanupAfter: policy.cleanupAfter,
    clock,
    dryRun: request.dryRun,
    sweep: request.sweep ?? false,
    signal: signalOf(hooks),
    onFile: (cleaned) => {
      const file = fileOf(task, cleaned);
      if (cleaned.fate === "waits") waitingBytes += cleaned.bytes;
      if (files.length < EXAMPLES) files.push(file);
      request.onFile?.(file);
    },
  });
  for (const path of outcome.unreadable) {
    hooks.warn?.(
      `${name}: ${path} does not read, so files that nothing seems to name were left alone; see \`holdfast check\`.`,
    );
  }
  return {
    task,
    source: source.name,
    collection: source.collection,
    dryRun: request.dryRun,
    ...told(outcome),
    waitingBytes,
    examples: files,
    durationMs: clock.now() - startedAt,
  };
}

function fileOf(task: TaskName, { path, bytes, why, fate }: CleanedFile): CleanupFile {
  return { task, path, bytes, why, fate };
}

function told({ forgotten, files, bytes, waiting, refused, swept, removed }: CleanupOutcome) {
  return { refused, forgotten: forgotten.map(formatInstant), files, bytes, waiting, swept, removed };
}
