/**
 * Committing a run: its entry is put behind the newest one. Rollups, holds and cleanups of others do not disturb it; another
 * run does, unless one of the two only holds captures: those are items that no run of the source reads.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import type { DeltaLevel } from "../../model/level.ts";
import { isHoldfastError } from "../../model/errors.ts";
import { levelOfRuns, type Policy } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import {
  newestEntry,
  NO_RETENTION,
  type Manifest,
  type ManifestSource,
  type TimelineEntry,
} from "../../repository/manifest.ts";
import { entryId } from "../../repository/open-runs.ts";
import type { Repository } from "../../repository/repository.ts";
import type { RunOutput } from "../../repository/run-writer.ts";
import { commitManifest, readNewestManifest, type StoredManifest } from "../../repository/task-store.ts";
import type { CaptureEvent } from "../../sources/source.ts";
import { figuresOf, lastGood, remember, runFigures } from "../../timeline/guard/figures.ts";
import { findAnomalies } from "../../timeline/guard/find-anomalies.ts";
import { lastStart } from "./due.ts";

const SECOND_MS = 1_000;
/** Rollups and holds may be faster this often before the run gives up. */
const COMMIT_ATTEMPTS = 20;

export interface FinishedRun {
  readonly run: string;
  readonly source: ManifestSource;
  readonly policy: Policy;
  readonly startedAt: Millis;
  readonly start: Extract<CaptureEvent, { kind: "start" }>;
  readonly end: Extract<CaptureEvent, { kind: "end" }>;
  readonly output: RunOutput;
  readonly reconciled: boolean;
  readonly beforeRestore: boolean;
  /** Only captures: what the timeline knows of the source itself stays as it is. */
  readonly captures?: true;
  /** Of a delta; default: what the policy says. */
  readonly level?: DeltaLevel;
}

/** Undefined when another run committed since `base`, or what this one needs is gone: it must be done again. */
export async function commitRun(
  repository: Repository,
  task: TaskName,
  base: StoredManifest | undefined,
  finished: FinishedRun,
  clock: Clock,
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  let current = base;
  for (let attempt = 1; attempt <= COMMIT_ATTEMPTS; attempt++) {
    try {
      const next = nextManifest(current?.manifest, finished, clock.now());
      const committed = await commitManifest(repository, task, current, next, signal);
      if (committed !== undefined) return committed;
    } catch (error) {
      // What this run wrote was cleaned up while it slept: only doing it again helps.
      if (isHoldfastError(error, "object-missing")) return undefined;
      throw error;
    }
    current = await readNewestManifest(repository, task, signal);
    if (!mayFollow(finished, base, current) || lostPacks(base, current)) return undefined;
  }
  return undefined;
}

/** Whether a run that started from `base` may be put behind `current`. */
function mayFollow(
  { start, captures }: FinishedRun,
  base: StoredManifest | undefined,
  current: StoredManifest | undefined,
): boolean {
  if (entryId(current) === entryId(base)) return true;
  // A baseline begins an epoch of its own: what others committed meanwhile would not be part of it.
  if (base === undefined || current === undefined || start.run === "baseline") return false;
  if (current.manifest.erased !== base.manifest.erased) return false;
  const { entries } = current.manifest;
  const at = entries.findIndex(({ id }) => id === newestEntry(base.manifest).id);
  if (at === -1) return false;
  const since = entries.slice(at + 1);
  return captures === true ? since.every(isDelta) : since.every((entry) => isDelta(entry) && entry.captures);
}

function isDelta({ level }: TimelineEntry): boolean {
  return level !== "baseline";
}

/**
 * Whether cleanup has given up packs since: versions of the run may refer to blobs in them, because no version that is kept
 * did any more.
 */
function lostPacks(base: StoredManifest | undefined, current: StoredManifest | undefined): boolean {
  const kept = new Set(current?.manifest.packs.map(({ id }) => id));
  return base?.manifest.packs.some(({ id }) => !kept.has(id)) ?? false;
}

function nextManifest(current: Manifest | undefined, finished: FinishedRun, now: Millis) {
  const { run, source, end, output, reconciled } = finished;
  const entry = entryOf(current, finished);
  const next = {
    ...NO_RETENTION,
    ...current,
    written: now,
    source,
    entries: current?.entries ?? [],
    packs: [...(current?.packs ?? []), ...output.packs],
  };
  if (finished.captures === true) {
    return {
      ...next,
      entries: [...next.entries, entry],
      cursor: current?.cursor ?? end.cursor,
      runsSinceReconcile: current?.runsSinceReconcile ?? 0,
      lastBackup: (current && lastStart(current)) ?? null,
    };
  }
  const anomalies = findAnomalies(current, entry, finished.policy.anomaly);
  const marked = { ...entry, anomalies };
  const freeze = { since: now, run, lastGood: lastGood(current) };
  const known = figuresOf(current);
  const keepsLastBackup = current?.lastBackup !== undefined && !finished.beforeRestore;
  return {
    ...next,
    ...(keepsLastBackup ? { lastBackup: finished.startedAt } : {}),
    entries: [...next.entries, marked],
    cursor: end.cursor,
    runsSinceReconcile: reconciled ? 0 : (current?.runsSinceReconcile ?? 0) + 1,
    recent: remember(known, runFigures(known.at(-1), marked)),
    // The first mark counts: the last good run lies before it.
    freeze: current?.freeze ?? (anomalies.length > 0 ? freeze : null),
  };
}

function entryOf(current: Manifest | undefined, finished: FinishedRun): TimelineEntry {
  const { run, start, end, output, startedAt, beforeRestore, policy, captures, level } = finished;
  const previous = current && newestEntry(current);
  const wholeSecond = Math.ceil(end.through / SECOND_MS) * SECOND_MS;
  const baseline = start.run === "baseline";
  return {
    id: run,
    epoch: (previous?.epoch ?? 0) + (baseline ? 1 : 0),
    identity: start.identity,
    level: baseline ? "baseline" : (level ?? levelOfRuns(policy)),
    from: baseline || previous === undefined ? null : previous.to,
    to: previous === undefined ? wholeSecond : Math.max(wholeSecond, previous.to + SECOND_MS),
    // Captures tell nothing of what else the service acknowledged meanwhile.
    completeAsOf: captures === true ? (previous?.completeAsOf ?? 0) : end.completeAsOf,
    startedAt,
    beforeRestore,
    ...(captures === true ? { captures } : {}),
    reason: start.reason ?? "",
    groups: output.groups,
    counts: output.counts,
    runs: 1,
    change: baseline
      ? { added: output.counts.live, changed: 0, removed: 0, items: end.items ?? null }
      : { ...output.change, items: end.items ?? null },
    anomalies: [],
    held: [],
    lost: [],
  };
}
