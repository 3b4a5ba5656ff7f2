/**
 * `schedule`: which runs come next, as `serve` would begin them.
 */
import { hasTimeOfDay, nextDue } from "../model/policy/schedule.ts";
import { DAY_MS } from "../model/policy/policy.ts";
import type { Job, JobMemories } from "../schedule/job.ts";
import { nextRuns, type RecurringJob } from "../schedule/preview.ts";
import type { Hooks } from "./hooks.ts";
import type { NextRunRow } from "./reports.ts";
import { planJobs } from "./serve/plan.ts";
import { openingOf, type ServeSettings } from "./serve/settings.ts";
import type { Workspace } from "./workspace.ts";

export interface ScheduleRequest {
  /** `SOURCE` or `SOURCE/COLLECTION` each; empty: every job. */
  readonly select: readonly string[];
  /** How many runs. */
  readonly count: number;
}

/** Asks the sources which collections there are. Errors: `source-unknown`, `storage-*`. */
export async function listNextRuns(
  workspace: Workspace,
  settings: ServeSettings,
  memories: Pick<JobMemories, "get">,
  { select, count }: ScheduleRequest,
  hooks: Hooks = {},
): Promise<NextRunRow[]> {
  for (const text of select) workspace.settings(text.split("/")[0] as string);
  const jobs = await planJobs(workspace, settings, memories, hooks);
  const chosen = jobs.filter(
    ({ kind, subject }) => select.length === 0 || (kind === "backup" && isChosen(subject, select)),
  );
  const recurring = chosen.map((job) => ({ job, after: recurrence(workspace, settings, job) }));
  return nextRuns(recurring, memories, settings, workspace.clock.now(), count).map(({ at, job, why }) => ({
    at: new Date(at).toISOString(),
    job: job.id,
    why,
  }));
}

function isChosen(subject: string, select: readonly string[]): boolean {
  return select.some((text) => subject === text || subject.startsWith(`${text}/`));
}

function recurrence(workspace: Workspace, settings: ServeSettings, job: Job): RecurringJob["after"] {
  const { check, timezone } = settings;
  const opens = openingOf(settings);
  if (job.kind === "check" && check !== null) {
    const { timeOfDay } = check;
    return (start) => ({
      ...job,
      regular: nextDue({ every: DAY_MS, timeOfDay, timezone }, start, start, opens),
    });
  }
  const slash = job.subject.indexOf("/");
  // A standby follows its source's backups; a source that cannot be listed has no times.
  if (job.kind !== "backup" || slash === -1) return () => undefined;
  const { policy } = workspace.policyOf(job.subject.slice(0, slash), job.subject.slice(slash + 1));
  return (start) => ({ ...job, regular: nextDue(policy, start, start, opens), spread: hasTimeOfDay(policy) });
}
