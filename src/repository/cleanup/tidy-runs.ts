/**
 * What ended runs leave: their checkpoints go, and the records of old ones are packed into the journal, so that a task with
 * ten thousand runs is listed with few requests.
 */
import type { Millis } from "../../model/clock.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import { timeOfId } from "../ids.ts";
import { ifIntact } from "../intact.ts";
import { fateNow } from "../open-runs.ts";
import { checkpointPath, runRecordPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { listJournal, readJournalPage, writeJournalPage } from "../run-journal.ts";
import {
  listRunObjects,
  readCheckpoint,
  readRunRecord,
  recordOfCheckpoint,
  writeRunRecord,
  type Checkpoint,
  type KnownRun,
  type RunRecord,
} from "../run-records.ts";
import type { StoredManifest } from "../task-store.ts";

/** Records in a page of the journal: about 20 KB. */
const PAGE_RUNS = 256;
/** Records that stay loose: the ones that are looked at most. */
const LOOSE_RUNS = 64;
/** Objects read or removed at a time. */
const AT_ONCE = 16;
/** A run that has committed writes its record at once; one this old never will. */
const CUT_OFF_MS = DAY_MS;

export interface TidiedRuns {
  /** Checkpoints removed. */
  readonly checkpoints: number;
  /** Records that moved into the journal. */
  readonly journaled: number;
}

/** Errors: `storage-*`; `object-damaged` when a page does not read back: no record is removed then. */
export async function tidyRuns(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  now: Millis,
  signal: AbortSignal,
): Promise<TidiedRuns> {
  const ended: string[] = [];
  let checkpoints = 0;
  for await (const run of listRunObjects(repository, task, signal)) {
    if (!run.ended && !(await settle(repository, task, newest, run, now, signal))) continue;
    checkpoints += await removeCheckpoints(repository, task, run, signal);
    ended.push(run.run);
  }
  return { checkpoints, journaled: await packRecords(repository, task, ended, signal) };
}

/** Gives a run that can never be committed, or was long ago, the record that it lacks; false for any other. */
async function settle(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  { run, checkpoints }: KnownRun,
  now: Millis,
  signal: AbortSignal,
): Promise<boolean> {
  const checkpoint = await ifIntact(readCheckpoint(repository, task, run, checkpoints));
  if (checkpoint === undefined) return false;
  const fate = await fateNow(repository, task, checkpoint, newest, signal);
  if (fate === "continues" || (fate === "committed" && now < timeOfId(run) + CUT_OFF_MS)) return false;
  const superseded = recordOfCheckpoint(checkpoint, "superseded", now);
  const record = fate === "committed" ? committedRecord(superseded, checkpoint, newest) : superseded;
  await writeRunRecord(repository, task, record);
  return true;
}

function committedRecord(
  record: RunRecord,
  { run }: Checkpoint,
  { manifest: { entries, retired } }: StoredManifest,
): RunRecord {
  const entry = [...entries, ...retired.map((one) => one.entry)].find(({ id }) => id === run);
  if (entry === undefined) return record;
  const { to, counts, anomalies } = entry;
  return { ...record, state: "committed", endedAt: to, instant: to, counts, anomalies };
}

async function removeCheckpoints(
  { storage }: Repository,
  task: TaskName,
  { run, checkpoints }: KnownRun,
  signal: AbortSignal,
): Promise<number> {
  const paths = Array.from({ length: checkpoints }, (_, index) => checkpointPath(task, run, index + 1));
  await inBatches(paths, async (path) => storage.remove(path, signal), signal);
  return checkpoints;
}

/** `ended`: runs with a loose record, oldest first. Returns how many records moved. */
async function packRecords(
  repository: Repository,
  task: TaskName,
  ended: readonly string[],
  signal: AbortSignal,
): Promise<number> {
  let loose = ended;
  if (loose.length < PAGE_RUNS + LOOSE_RUNS) return 0;
  let moved = 0;
  const pages = await listJournal(repository, task, signal);
  // A cleanup that was cut off may have written a page and not removed what is in it.
  for (const { path } of pages.filter(({ last }) => last >= (loose[0] as string))) {
    const page = await ifIntact(readJournalPage(repository, task, path, signal));
    const inPage = new Set(page?.map(({ run }) => run));
    const twice = await readRecords(
      repository,
      task,
      loose.filter((run) => inPage.has(run)),
      signal,
    );
    const removed = await removeEqual(repository, task, twice, page ?? [], signal);
    loose = loose.filter((run) => !removed.has(run));
    moved += removed.size;
  }
  while (loose.length >= PAGE_RUNS + LOOSE_RUNS) {
    const records = await readRecords(repository, task, loose.slice(0, PAGE_RUNS), signal);
    loose = loose.slice(PAGE_RUNS);
    if (records.length === 0) continue;
    const path = await writeJournalPage(repository, task, records, signal);
    const page = await readJournalPage(repository, task, path, signal);
    moved += (await removeEqual(repository, task, records, page, signal)).size;
  }
  return moved;
}

/** The records that read; damaged ones stay where they are, for `check` to find. */
async function readRecords(
  repository: Repository,
  task: TaskName,
  runs: readonly string[],
  signal: AbortSignal,
): Promise<RunRecord[]> {
  const records = await inBatches(
    runs,
    async (run) => ifIntact(readRunRecord(repository, task, run)),
    signal,
  );
  return records.filter((record) => record !== undefined);
}

/** Removes loose records that are in the page, exactly as they are there; returns their runs. */
async function removeEqual(
  repository: Repository,
  task: TaskName,
  records: readonly RunRecord[],
  page: readonly RunRecord[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const kept = new Map(page.map((record) => [record.run, JSON.stringify(record)]));
  const equal = records.filter((record) => JSON.stringify(record) === kept.get(record.run));
  await inBatches(
    equal,
    async ({ run }) => repository.storage.remove(runRecordPath(task, run), signal),
    signal,
  );
  return new Set(equal.map(({ run }) => run));
}

async function inBatches<In, Out>(
  all: readonly In[],
  act: (one: In) => Promise<Out>,
  signal: AbortSignal,
): Promise<Out[]> {
  const done: Out[] = [];
  for (let start = 0; start < all.length; start += AT_ONCE) {
    signal.throwIfAborted();
    done.push(...(await Promise.all(all.slice(start, start + AT_ONCE).map(act))));
  }
  return done;
}
