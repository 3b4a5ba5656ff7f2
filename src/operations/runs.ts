/**
 * `runs`: every execution of a task's backup, newest first.
 */
import type { TaskName } from "../model/task.ts";
import { listTaskNames } from "../repository/repository.ts";
import { indexRuns, type FoundRun } from "../repository/run-journal.ts";
import { readCheckpoint, recordOfCheckpoint } from "../repository/run-records.ts";
import { runReport } from "./backup/run-report.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { RunReport } from "./reports.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface ListRunsRequest {
  /** Default: all tasks, one after the other. */
  readonly task?: string;
  /** Only the newest of each task: no more is read than they need. */
  readonly limit?: number;
  /** Told for each task how many runs there are, before the first of them. */
  readonly counted?: (task: string, runs: number) => void;
}

/** Errors: `source-unknown`, `object-damaged`. */
export async function* listRuns(
  workspace: Workspace,
  request: ListRunsRequest,
  hooks: Hooks = {},
): AsyncGenerator<RunReport> {
  const signal = signalOf(hooks);
  const tasks =
    request.task === undefined
      ? listTaskNames(workspace.repository, signal)
      : [await resolveTask(workspace, request.task, hooks)];
  for await (const task of tasks) yield* runsOfTask(workspace, task, request, signal);
}

async function* runsOfTask(
  workspace: Workspace,
  task: TaskName,
  { limit = Infinity, counted }: ListRunsRequest,
  signal: AbortSignal,
): AsyncGenerator<RunReport> {
  const index = await indexRuns(workspace.repository, task, signal);
  counted?.(task, index.total);
  let left = limit;
  for await (const found of index.newestFirst(limit, signal)) {
    if (left-- <= 0) return;
    yield await reportOf(workspace, task, found);
  }
}

async function reportOf(workspace: Workspace, task: TaskName, found: FoundRun): Promise<RunReport> {
  switch (found.kind) {
    case "ended":
      return runReport(task, found.record);
    case "damaged":
      throw found.error;
    case "open": {
      // Still under way, or cut off: its objects do not tell which.
      const checkpoint = await readCheckpoint(workspace.repository, task, found.run, found.checkpoints);
      const record = recordOfCheckpoint(checkpoint, "interrupted", workspace.clock.now());
      return { ...runReport(task, record), endedAt: null, state: "running" };
    }
  }
}
