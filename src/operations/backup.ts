/**
 * `backup`: runs the selected tasks and reports each as it ends.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import type { Opening } from "../model/policy/schedule.ts";
import type { TaskName } from "../model/task.ts";
import { runTask, type TaskRequest } from "./backup/run-task.ts";
import { dueOf } from "./backup/due.ts";
import { maintain } from "./backup/maintain.ts";
import { runReadiness } from "./backup/run-readiness.ts";
import { discover } from "./discover.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { RunReport } from "./reports.ts";
import type { SourceSettings } from "./connections.ts";
import type { StandbySettings } from "./standby/members.ts";
import type { Workspace } from "./workspace.ts";

export interface BackupRequest {
  /** `SOURCE` or `SOURCE/COLLECTION` each; empty: everything that is configured. */
  readonly select: readonly string[];
  /** Compare with the source as a whole, as every seventh run does anyway. */
  readonly reconcile?: boolean;
  /** Only tasks whose time has come, as their policies say. */
  readonly due?: boolean;
  /** With `due`: when runs may begin at all. */
  readonly opens?: Opening;
  /** Roll up and clean up after each run, as the task's policy says; default true. */
  readonly maintain?: boolean;
  /** Those that are configured: what has a verified copy is not lost. */
  readonly standbys?: readonly StandbySettings[];
}

/**
 * A failed task, or a source whose collections cannot be listed, is a report with its error, and the others go on.
 * Errors: `source-unknown`, `config-invalid` without any source.
 */
export async function* backup(
  workspace: Workspace,
  request: BackupRequest,
  hooks: Hooks = {},
): AsyncGenerator<RunReport> {
  const select = request.select.length > 0 ? request.select : workspace.sources.map((source) => source.name);
  if (select.length === 0) {
    throw new HoldfastError("config-invalid", "No source is configured: `holdfast source add` adds one.");
  }
  const chosen = select.map((text) => chooseSource(workspace, text));
  for (const { settings, collection } of chosen) {
    const names = collection === undefined ? protectedCollections(workspace, settings, hooks) : [collection];
    const startedAt = workspace.clock.now();
    try {
      for await (const name of names) {
        signalOf(hooks).throwIfAborted();
        if (request.due === true && !(await isDue(workspace, settings, name, request.opens, hooks))) continue;
        const task: TaskRequest = { settings, collection: name, reconcile: request.reconcile ?? false };
        yield await runAndMaintain(workspace, task, request, hooks);
      }
    } catch (error) {
      signalOf(hooks).throwIfAborted();
      if (!isHoldfastError(error)) throw error;
      yield unlisted(settings, startedAt, workspace.clock.now(), error);
    }
  }
}

async function isDue(
  workspace: Workspace,
  settings: SourceSettings,
  collection: string,
  opens: Opening | undefined,
  hooks: Hooks,
): Promise<boolean> {
  const { at } = await dueOf(workspace, settings, collection, hooks, opens);
  if (at <= workspace.clock.now()) return true;
  hooks.note?.(`${settings.name}/${collection} is due at ${new Date(at).toISOString()}.`);
  return false;
}

async function runAndMaintain(
  workspace: Workspace,
  request: TaskRequest,
  { maintain: wanted = true, standbys = [] }: BackupRequest,
  hooks: Hooks,
): Promise<RunReport> {
  const committed = await runTask(workspace, request, hooks);
  if (committed.state !== "committed") return committed;
  const { kind } = request.settings.options;
  const readiness = await runReadiness(workspace, kind, committed.task, standbys, hooks);
  const run = readiness === undefined ? committed : { ...committed, readiness };
  if (!wanted) return run;
  const { settings, collection } = request;
  const maintenance = await maintain(workspace, settings.name, collection, run.task as TaskName, hooks);
  return maintenance === undefined ? run : { ...run, maintenance };
}

/** The report of a source whose collections could not be listed: no run of any task was begun. */
function unlisted(
  { name }: SourceSettings,
  startedAt: Millis,
  endedAt: Millis,
  { code, message }: HoldfastError,
): RunReport {
  return {
    run: "",
    task: "",
    source: name,
    collection: "*",
    state: "failed",
    kind: null,
    level: null,
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    instant: null,
    live: 0,
    deleted: 0,
    purged: 0,
    blobs: 0,
    bodyBytes: 0,
    storedBytes: 0,
    requests: 0,
    durationMs: endedAt - startedAt,
    warnings: [],
    error: { code, message },
  };
}

/** Which source and, where one is named, which collection the text means. Errors: `source-unknown`. */
function chooseSource(workspace: Workspace, text: string): { settings: SourceSettings; collection?: string } {
  const slash = text.indexOf("/");
  if (slash === -1) return { settings: workspace.settings(text) };
  return { settings: workspace.settings(text.slice(0, slash)), collection: text.slice(slash + 1) };
}

/** The collections that a source's settings protect, as they exist now. Errors: `source-not-found` when there is none. */
async function* protectedCollections(
  workspace: Workspace,
  settings: SourceSettings,
  hooks: Hooks,
): AsyncGenerator<string> {
  let found = 0;
  for await (const { collection } of discover(workspace, { source: settings.name }, hooks)) {
    found += 1;
    yield collection;
  }
  if (found === 0) {
    throw new HoldfastError(
      "source-not-found",
      `No collection of ${settings.name} matches ${settings.collections.join(", ")}.`,
      { source: settings.name },
    );
  }
}
