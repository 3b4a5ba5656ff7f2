/**
 * Which tasks there are, and which one a person means.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { nextDue } from "../model/policy/schedule.ts";
import { isTaskName, type TaskName } from "../model/task.ts";
import { entrySegments, newestEntry, type Manifest } from "../repository/manifest.ts";
import { listTaskNames } from "../repository/repository.ts";
import { readNewestManifest } from "../repository/task-store.ts";
import { Timeline } from "../timeline/timeline.ts";
import { lastStart } from "./backup/due.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { freezeRows } from "./marks.ts";
import { warnOfLost } from "./lost-items.ts";
import type { TaskSummary } from "./reports.ts";
import type { Workspace } from "./workspace.ts";

/** Every task that has a timeline, by source and collection. */
export async function listTasks(workspace: Workspace, hooks: Hooks = {}): Promise<TaskSummary[]> {
  const summaries: TaskSummary[] = [];
  for await (const task of listTaskNames(workspace.repository, signalOf(hooks))) {
    const stored = await readNewestManifest(workspace.repository, task, signalOf(hooks));
    if (stored !== undefined)
      summaries.push({ ...summarise(stored.manifest), nextDue: dueOf(workspace, stored.manifest) });
  }
  return summaries.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function nameOf({ source, collection }: TaskSummary): string {
  return `${source}/${collection}`;
}

/**
 * The task that `text` names: `SOURCE/COLLECTION`, `backup-…`, or a collection's name alone where only one task has it.
 * Errors: `source-unknown`.
 */
export async function resolveTask(workspace: Workspace, text: string, hooks: Hooks = {}): Promise<TaskName> {
  if (isTaskName(text)) return text;
  const slash = text.indexOf("/");
  const settings =
    slash > 0 ? workspace.sources.find((source) => source.name === text.slice(0, slash)) : undefined;
  if (settings !== undefined) {
    return workspace.repository.keyring.taskName(settings.name, settings.options.kind, text.slice(slash + 1));
  }
  const tasks = await listTasks(workspace, hooks);
  const meant = tasks.filter((task) => task.collection === text || nameOf(task) === text);
  if (meant.length === 1) return (meant[0] as TaskSummary).task as TaskName;
  if (meant.length > 1) {
    const names = meant.map(nameOf).join(", ");
    throw new HoldfastError("source-unknown", `"${text}" could be any of ${names}: write SOURCE/${text}.`);
  }
  throw new HoldfastError("source-unknown", `No task is called "${text}".`);
}

/** The newest manifest of the task that `text` names, or of each there is. Errors: `source-unknown`, `chain-broken`, `object-*`. */
export async function* manifestsMeant(
  workspace: Workspace,
  text: string | undefined,
  hooks: Hooks,
): AsyncGenerator<Manifest> {
  const { repository } = workspace;
  const signal = signalOf(hooks);
  const tasks =
    text === undefined ? listTaskNames(repository, signal) : [await resolveTask(workspace, text, hooks)];
  for await (const task of tasks) {
    const stored = await readNewestManifest(repository, task, signal);
    if (stored !== undefined) yield stored.manifest;
  }
}

/** The timeline of the task that `text` names. Errors: `source-unknown`, `chain-broken`, `object-*`. */
export async function openTimeline(workspace: Workspace, text: string, hooks: Hooks = {}): Promise<Timeline> {
  return timelineOf(workspace, await resolveTask(workspace, text, hooks), text, hooks);
}

/** The timeline of a task that `text` named. Errors: `source-unknown` when nothing was kept yet, `chain-broken`, `object-*`. */
export async function timelineOf(
  workspace: Workspace,
  task: TaskName,
  text: string,
  hooks: Hooks,
): Promise<Timeline> {
  const stored = await readNewestManifest(workspace.repository, task, signalOf(hooks));
  if (stored === undefined) {
    throw new HoldfastError("source-unknown", `Nothing has been kept for ${text} yet.`, { task });
  }
  const timeline = new Timeline(workspace.repository, task, stored);
  timeline.onLost = warnOfLost(hooks);
  return timeline;
}

/** Null where the task's source is not configured: nobody runs it then. */
function dueOf(workspace: Workspace, manifest: Manifest): string | null {
  const { name, collection } = manifest.source;
  if (!workspace.sources.some((source) => source.name === name)) return null;
  const due = nextDue(
    workspace.policyOf(name, collection).policy,
    lastStart(manifest),
    workspace.clock.now(),
  );
  return new Date(due).toISOString();
}

function summarise(manifest: Manifest): Omit<TaskSummary, "nextDue"> {
  const newest = newestEntry(manifest);
  const segments = manifest.entries.flatMap(entrySegments);
  return {
    task: manifest.task,
    source: manifest.source.name,
    kind: manifest.source.kind,
    collection: manifest.source.collection,
    epoch: newest.epoch,
    instants: manifest.entries.length,
    oldest: formatInstant((manifest.entries[0] ?? newest).to),
    latest: formatInstant(newest.to),
    storedBytes: [...segments, ...manifest.packs].reduce((sum, { bytes }) => sum + bytes, 0),
    ...freezeRows(manifest.freeze),
  };
}
