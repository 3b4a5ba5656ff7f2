/**
 * Checking what a task's runs left: every checkpoint, record and page of the journal opens in its place.
 */
import type { TaskName } from "../../model/task.ts";
import { journalOf, runRecordPath, runsOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { readAllRuns } from "../run-journal.ts";
import { readCheckpoint, type RunRecord } from "../run-records.ts";
import { damageFinding, type CheckFinding } from "./finding.ts";

/** What the run records say, to be held against the manifests. */
export interface RunsFound {
  /** Whether the run has a record, sound or not; true also where a damaged page of the journal may hold it. */
  readonly hasEnded: (run: string) => boolean;
  /** Records of runs that committed, by the generation they committed. */
  readonly commits: ReadonlyMap<number, CommittedRun>;
  readonly damaged: readonly CheckFinding[];
}

export type CommittedRun = Pick<RunRecord, "run" | "instant" | "manifest" | "counts">;

/** Errors: `storage-*`; damage is returned. */
export async function checkRuns(
  repository: Repository,
  task: TaskName,
  signal: AbortSignal,
): Promise<RunsFound> {
  const damaged: CheckFinding[] = [];
  const ended = new Set<string>();
  const commits = new Map<number, CommittedRun>();
  /** The newest run that a damaged page of the journal may hold. */
  let unreadable = "";
  for await (const found of readAllRuns(repository, task, signal)) {
    if (found.kind === "open") continue;
    ended.add(found.run);
    if (found.kind === "damaged") {
      damaged.push({ ...damageFinding(task, found.path, found.error), runs: [found.run] });
      if (found.path.startsWith(journalOf(task)) && found.run > unreadable) unreadable = found.run;
      continue;
    }
    const { run, generation, instant, manifest, counts } = found.record;
    if (generation !== null) commits.set(generation, { run, instant, manifest, counts });
  }
  for await (const { path } of repository.storage.list(runsOf(task), { signal })) {
    const [run = "", name = ""] = path.slice(runsOf(task).length).split("/");
    if (path === runRecordPath(task, run)) continue;
    try {
      await readCheckpoint(repository, task, run, Number(name));
    } catch (error) {
      damaged.push({ ...damageFinding(task, path, error), runs: [run] });
    }
  }
  return { hasEnded: (run) => ended.has(run) || run <= unreadable, commits, damaged };
}
