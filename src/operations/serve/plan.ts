/**
 * Every job that a server has to do, with the time at which it is due: backups of all protected collections, standbys, the daily check.
 */
import type { Millis } from "../../model/clock.ts";
import { isHoldfastError } from "../../model/errors.ts";
import { hasTimeOfDay, nextDue } from "../../model/policy/schedule.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { Job, JobMemories } from "../../schedule/job.ts";
import { dueOf } from "../backup/due.ts";
import type { SourceSettings } from "../connections.ts";
import { discover } from "../discover.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { standbyStatus, type StandbySettings } from "../standby.ts";
import type { Workspace } from "../workspace.ts";
import { openingOf, type ServeSettings } from "./settings.ts";

/** A standby that could not be given everything is tried again this often. */
const INCOMPLETE_STANDBY_MS: Millis = 3_600_000;

export async function planJobs(
  workspace: Workspace,
  settings: ServeSettings,
  memories: Pick<JobMemories, "get">,
  hooks: Hooks,
): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const source of workspace.sources) jobs.push(...(await backupsOf(workspace, settings, source, hooks)));
  for (const standby of settings.standbys) {
    const job = await standbyJob(workspace, standby, memories, hooks);
    if (job !== undefined) jobs.push(job);
  }
  if (settings.check !== null) jobs.push(checkJob(settings.check, settings, memories, workspace.clock.now()));
  return jobs;
}

/** The job with its next time, after it has run. Undefined: it comes back with the next plan, if at all. */
export async function renewJob(
  workspace: Workspace,
  settings: ServeSettings,
  memories: Pick<JobMemories, "get">,
  job: Job,
  hooks: Hooks,
): Promise<Job | undefined> {
  if (job.kind === "check" && settings.check !== null)
    return checkJob(settings.check, settings, memories, workspace.clock.now());
  if (job.kind === "standby") {
    const standby = settings.standbys.find(({ name }) => name === job.subject);
    return standby && standbyJob(workspace, standby, memories, hooks);
  }
  const slash = job.subject.indexOf("/");
  // It stood for a source whose collections could not be listed: the next plan has them, or this job again.
  if (slash === -1) return memories.get(job.id)?.failures === 0 ? undefined : job;
  const source = workspace.settings(job.subject.slice(0, slash));
  return backupJob(workspace, settings, source, job.subject.slice(slash + 1), hooks);
}

async function backupsOf(
  workspace: Workspace,
  settings: ServeSettings,
  source: SourceSettings,
  hooks: Hooks,
): Promise<Job[]> {
  const jobs: Job[] = [];
  try {
    for await (const { collection } of discover(workspace, { source: source.name }, hooks)) {
      jobs.push(await backupJob(workspace, settings, source, collection, hooks));
    }
  } catch (error) {
    signalOf(hooks).throwIfAborted();
    if (!isHoldfastError(error)) throw error;
    if (jobs.length > 0)
      hooks.warn?.(`${source.name}: not all collections could be listed: ${error.message}`);
  }
  if (jobs.length > 0) return jobs;
  // Its collections cannot be listed, or there is none: a backup of the source as a whole says so, again and again.
  const { name } = source;
  return [
    {
      id: `backup ${name}`,
      kind: "backup",
      subject: name,
      source: name,
      regular: workspace.clock.now(),
      spread: false,
    },
  ];
}

async function backupJob(
  workspace: Workspace,
  settings: ServeSettings,
  source: SourceSettings,
  collection: string,
  hooks: Hooks,
): Promise<Job> {
  const subject = `${source.name}/${collection}`;
  const { at, first } = await dueOf(workspace, source, collection, hooks, openingOf(settings)).catch(
    (error: unknown) => {
      if (!isHoldfastError(error)) throw error;
      // What hinders looking at the timeline hinders its run too, and there it is told.
      return { at: workspace.clock.now(), first: false };
    },
  );
  const { policy } = workspace.policyOf(source.name, collection);
  const spread = !first && hasTimeOfDay(policy);
  return { id: `backup ${subject}`, kind: "backup", subject, source: source.name, regular: at, spread };
}

/** Undefined while it is in step. */
async function standbyJob(
  workspace: Workspace,
  standby: StandbySettings,
  memories: Pick<JobMemories, "get">,
  hooks: Hooks,
): Promise<Job | undefined> {
  const id = `standby ${standby.name}`;
  let behind = 0;
  let failed = 0;
  for await (const row of standbyStatus(workspace, { standbys: [standby], names: [] }, hooks)) {
    behind += row.behind;
    failed += row.failed;
  }
  if (behind === 0 && failed === 0) return undefined;
  const now = workspace.clock.now();
  const last = memories.get(id)?.startedAt;
  const regular = behind > 0 || last === undefined ? now : last + INCOMPLETE_STANDBY_MS;
  return { id, kind: "standby", subject: standby.name, source: standby.target, regular, spread: false };
}

/** One that was never run is due at once. */
function checkJob(
  { timeOfDay }: NonNullable<ServeSettings["check"]>,
  settings: ServeSettings,
  memories: Pick<JobMemories, "get">,
  now: Millis,
): Job {
  const policy = { every: DAY_MS, timeOfDay, timezone: settings.timezone };
  const regular = nextDue(policy, memories.get("check")?.startedAt, now, openingOf(settings));
  return { id: "check", kind: "check", subject: "", regular, spread: false };
}
