/**
 * Checking one task. Structure first: the chain of manifests, runs' records, small objects, and that every file that is
 * needed is there. Data of all files, or of those that an earlier check found damaged, with it.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import { formatInstant } from "../../model/instant.ts";
import type { TaskName } from "../../model/task.ts";
import { timeOfId } from "../ids.ts";
import type { Manifest, TimelineEntry } from "../manifest.ts";
import { runRecordPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { checkChain, type ChainFound } from "./chain.ts";
import { checkFile } from "./file.ts";
import { blank, type CheckFinding } from "./finding.ts";
import { neededFiles, type NeededFile } from "./needed-files.ts";
import { ReadHistory } from "./read-history.ts";
import { checkRuns, type RunsFound } from "./runs.ts";
import { checkSmallObjects } from "./small-objects.ts";
import { checkUndoRecords } from "./undo.ts";
import { findUnreferenced } from "./unreferenced.ts";

export interface CheckOptions {
  /** Read every byte of segments and packs. Else: that each file is there with its size, its ends and its tables. */
  readonly readData: boolean;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long condemned files stay; undefined where no policy is known. */
  readonly cleanupAfter: (source: Manifest["source"]) => Millis | null | undefined;
  /** Called for each file that was checked. */
  readonly checked: (kind: "manifest" | "segment" | "pack", bytesRead: number, path: string) => void;
}

/** What the task's files are and when each was read back. */
export interface CheckedTask {
  readonly chain: ChainFound;
  readonly runs: RunsFound;
  readonly files: readonly NeededFile[];
  readonly history: ReadHistory;
}

/**
 * Checks one task. With the write right alone versions are not opened: the digest of each file says whether it is the one
 * that was written. Errors: `storage-*` when the storage itself fails; damage is yielded, not thrown.
 */
export async function* checkTask(
  repository: Repository,
  task: TaskName,
  options: CheckOptions,
): AsyncGenerator<CheckFinding, CheckedTask> {
  const { signal } = options;
  const runs = await checkRuns(repository, task, signal);
  const history = await ReadHistory.recall(repository, task, signal);
  yield* history.damaged;
  const chain = yield* checkChain(repository, task, runs, history.seen, signal, (path) =>
    options.checked("manifest", 0, path),
  );
  for (const finding of runs.damaged) {
    const entry = chain.newest?.manifest.entries.find(({ id }) => finding.runs.includes(id));
    yield { ...finding, instants: entry === undefined ? [] : [formatInstant(entry.to)] };
  }
  yield* checkSmallObjects(repository, task, signal);
  const undo = yield* checkUndoRecords(repository, task, signal);
  if (chain.newest === undefined) return { chain, runs, files: [], history };
  const { manifest } = chain.newest;
  for (const entry of manifest.entries) {
    if (runs.hasEnded(entry.id) || !isNamedByRun(entry)) continue;
    const path = runRecordPath(task, entry.id);
    const message = `The record of run ${entry.id} is not there: the run was cut off right after its commit, or the record was removed. No version depends on it.`;
    yield { ...blank(task, path), severity: "note", code: "object-missing", message, runs: [entry.id] };
  }
  const files = [...neededFiles(manifest), ...undo];
  for (const file of files) {
    // What was found damaged is damaged until it has been read as sound.
    const readData = options.readData || history.lastRead(file.path)?.sound === false;
    yield* checkAndNote(repository, manifest, file, history, { ...options, readData });
  }
  // A newer manifest that does not read may well name what an older one does not.
  if (manifest.generation === chain.highest) {
    const known = new Set(undo.map(({ path }) => path));
    const cleanupAfter = options.cleanupAfter(manifest.source);
    yield* findUnreferenced(repository, manifest, { known, cleanupAfter, signal });
  }
  return { chain, runs, files, history };
}

/** Checks a file, and notes in the history what came of reading all of it. */
export async function* checkAndNote(
  repository: Repository,
  manifest: Manifest,
  file: NeededFile,
  history: ReadHistory,
  options: Pick<CheckOptions, "readData" | "clock" | "signal" | "checked">,
): AsyncGenerator<CheckFinding> {
  let sound = true;
  for await (const finding of checkFile(repository, manifest, file, options)) {
    sound = false;
    yield finding;
  }
  if (options.readData) history.note(file.path, { at: options.clock.now(), sound });
  options.checked(file.kind, options.readData ? file.bytes : 0, file.path);
}

/** A run that was continued bears the name it began with; no run goes on for longer than this. */
const LONGEST_RUN_MS = 366 * 86_400_000;

/** Whether the entry has the name of a run, and so a record; what rollups make has a name that is no time. */
function isNamedByRun({ id, startedAt }: TimelineEntry): boolean {
  return Math.abs(timeOfId(id) - startedAt) < LONGEST_RUN_MS;
}
