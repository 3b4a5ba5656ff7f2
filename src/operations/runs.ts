/**
 * `runs`: every execution of a task's backup, newest first.
 */
import type { TaskName } from "../model/task.ts";
import { listTaskNames } from "../repository/repository.ts";
import {
  listRunObjects,
  readCheckpoint,
  readRunRecord,
  recordOfCheckpoint,
  type KnownRun,
  type RunRecord,
} from "../repository/run-records.ts";
import { runReport } from "./backup/run-report.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { RunReport } from "./reports.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Runs of one task, or of all tasks one after the other. Errors: `source-unknown`, `object-damaged`. */
export async function* listRuns(
  workspace: Workspace,
  request: { readonly task?: string },
  hooks: Hooks = {},
): AsyncGenerator<RunReport> {
  const signal = signalOf(hooks);
  if (request.task !== undefined) {
    yield* runsOfTask(workspace, await resolveTask(workspace, request.task, hooks), signal);
    return;
  }
  for await (const task of listTaskNames(workspace.repository, signal))
    yield* runsOfTask(workspace, task, signal);
}

async function* runsOfTask(
  workspace: Workspace,
  task: TaskName,
  signal: AbortSignal,
): AsyncGenerator<RunReport> {
  const known: KnownRun[] = [];
  for await (const run of listRunObjects(workspace.repository, task, signal)) known.push(run);
  for (const run of known.toReversed()) {
    const record = run.ended
      ? await readRunRecord(workspace.repository, task, run.run)
      : await unfinished(workspace, task, run);
    const report = runReport(task, record);
    yield run.ended ? report : { ...report, endedAt: null, state: "running" };
  }
}

/** A run without a record is still under way, or was cut off: its objects do not tell which. */
async function unfinished(workspace: Workspace, task: TaskName, run: KnownRun): Promise<RunRecord> {
  const checkpoint = await readCheckpoint(workspace.repository, task, run.run, run.checkpoints);
  return recordOfCheckpoint(checkpoint, "interrupted", workspace.clock.now());
}
