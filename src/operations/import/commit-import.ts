/**
 * Committing an import as the task's first run. Its cursor is empty: a file does not say where in a database's feed it stands,
 * and couchbackup changes numbers under unchanged revisions, so the next backup reads everything into a new epoch.
 */
import { errorText, HoldfastError } from "../../model/errors.ts";
import { DEFAULT_POLICY } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import { newestEntry, type ManifestSource } from "../../repository/manifest.ts";
import { writeRunRecord, type RunRecord } from "../../repository/run-records.ts";
import { readNewestManifest, type StoredManifest } from "../../repository/task-store.ts";
import { commitRun, type FinishedRun } from "../backup/commit-run.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";
import type { ImportWriter } from "./import-writer.ts";
import type { ChosenInstant } from "./instant.ts";
import type { ImportFile } from "./open-file.ts";
import type { ImportTally } from "./read-leaves.ts";

export interface FinishedImport {
  readonly source: ManifestSource;
  readonly task: TaskName;
  readonly run: string;
  readonly startedAt: number;
  readonly file: ImportFile;
  readonly writer: ImportWriter;
  readonly chosen: ChosenInstant;
  readonly warnings: readonly string[];
  readonly tally: ImportTally;
}

/** Errors: `target-not-empty` when somebody began the timeline meanwhile; `storage-*`. */
export async function commitImport(
  workspace: Workspace,
  finished: FinishedImport,
  hooks: Hooks,
): Promise<{ readonly writer: ImportWriter; readonly storedBytes: number }> {
  const { source, task, run, startedAt, file, writer, chosen } = finished;
  const reason = `imported from ${file.name} (${file.format})`;
  const output = await writer.finish(source, reason, startedAt);
  const { instant } = chosen;
  const known = workspace.sources.some(({ name }) => name === source.name);
  const policy = known ? workspace.policyOf(source.name, source.collection).policy : DEFAULT_POLICY;
  const made: FinishedRun = {
    run,
    source,
    policy,
    startedAt,
    start: { kind: "start", run: "baseline", reason, identity: "" },
    end: { kind: "end", cursor: {}, completeAsOf: instant, through: instant },
    output,
    reconciled: true,
    beforeRestore: false,
  };
  writer.handOver();
  const committed = await commit(workspace, task, made, signalOf(hooks));
  if (committed === undefined) {
    const message = `Another writer began the timeline of ${source.name}/${source.collection} while the file was imported.`;
    throw new HoldfastError("target-not-empty", message, { task });
  }
  await writeRecord(workspace, finished, committed, reason, hooks);
  return { writer, storedBytes: output.counts.storedBytes };
}

/**
 * Undefined when another run is the task's first. Where the storage failed after it had taken the manifest, the import is
 * committed all the same, and repeating it would be refused: so that is looked for before the failure counts.
 */
async function commit(
  { repository, clock }: Workspace,
  task: TaskName,
  made: FinishedRun,
  signal: AbortSignal,
): Promise<StoredManifest | undefined> {
  try {
    return await commitRun(repository, task, undefined, made, clock, signal);
  } catch (error) {
    const newest = await readNewestManifest(repository, task).catch(() => undefined);
    if (newest !== undefined && newestEntry(newest.manifest).id === made.run) return newest;
    throw error;
  }
}

/** Best effort: the import is committed by its manifest, whatever becomes of its record. */
async function writeRecord(
  { repository, clock }: Workspace,
  { source, task, run, startedAt, warnings, tally }: FinishedImport,
  committed: StoredManifest,
  reason: string,
  hooks: Hooks,
): Promise<void> {
  const entry = newestEntry(committed.manifest);
  const record: RunRecord = {
    run,
    source,
    state: "committed",
    kind: "baseline",
    anomalies: entry.anomalies,
    reason,
    startedAt,
    endedAt: clock.now(),
    instant: entry.to,
    generation: committed.manifest.generation,
    manifest: committed.digest,
    counts: entry.counts,
    blobs: tally.blobs,
    requests: 0,
    warnings,
    error: null,
  };
  try {
    await writeRunRecord(repository, task, record);
  } catch (error) {
    hooks.warn?.(`The import is committed, but its record could not be written: ${errorText(error)}`);
  }
}
