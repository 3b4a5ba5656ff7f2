/**
 * What a task's runs leave behind beside the timeline: checkpoints of a running run, and the record of an ended one.
 *
 * Write-once like everything else: each checkpoint is a new object, and the record is written when the run has ended.
 */
import type { Millis } from "../model/clock.ts";
import type { DeltaLevel } from "../model/level.ts";
import type { TaskName } from "../model/task.ts";
import type { PackInfo } from "./blobs/pack.ts";
import { decodeBuffers, encodeBuffers } from "./json-buffers.ts";
import type { Anomaly, EntryChange, EntryCounts, ManifestSource } from "./manifest.ts";
import { checkpointPath, runRecordPath, runsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";
import type { SegmentInfo } from "./segment/segment.ts";

export type RunCursor = Readonly<Record<string, unknown>>;

/** Where a run that may be cut off has got to. */
export interface Checkpoint {
  readonly run: string;
  readonly source: ManifestSource;
  /** Digest of the manifest that the run started from; null for a task's first. */
  readonly base: string | null;
  readonly startedAt: Millis;
  /** What kind of run it is, as its source decided. */
  readonly kind: "baseline" | "delta";
  readonly identity: string;
  readonly reason: string;
  /** From 1. */
  readonly ordinal: number;
  /** The source may continue from here. */
  readonly cursor: RunCursor;
  readonly groups: readonly (readonly SegmentInfo[])[];
  readonly packs: readonly PackInfo[];
  readonly counts: EntryCounts;
  /** Absent in checkpoints of older versions. */
  readonly change?: Omit<EntryChange, "items">;
  /** Id of the newest entry that the run started from; null for a task's first. Absent in checkpoints of older versions. */
  readonly after?: string | null;
}

/** How a run ended. */
export interface RunRecord {
  readonly run: string;
  readonly source: ManifestSource;
  readonly state: "committed" | "failed" | "interrupted" | "superseded";
  readonly kind: "baseline" | "delta" | null;
  /** Level of the delta; absent in records of older versions, which made daily ones only. */
  readonly level?: DeltaLevel;
  /** Why the run was marked; absent in records of older versions. */
  readonly anomalies?: readonly Anomaly[];
  readonly reason: string;
  readonly startedAt: Millis;
  readonly endedAt: Millis;
  /** The entry's instant, and the manifest that committed it: a rolled-back manifest is noticed by this. */
  readonly instant: Millis | null;
  readonly generation: number | null;
  readonly manifest: string | null;
  readonly counts: EntryCounts;
  readonly blobs: number;
  readonly requests: number;
  readonly warnings: readonly string[];
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** The record of a run that committed nothing, from its last checkpoint. */
export function recordOfCheckpoint(
  checkpoint: Checkpoint,
  state: "superseded" | "interrupted",
  endedAt: Millis,
): RunRecord {
  const { run, source, kind, reason, startedAt, counts } = checkpoint;
  const committed = { instant: null, generation: null, manifest: null };
  const unknown = { blobs: 0, requests: 0, warnings: [], error: null };
  return { run, source, state, kind, reason, startedAt, endedAt, ...committed, counts, ...unknown };
}

/** A run as its objects tell. */
export interface KnownRun {
  readonly run: string;
  /** Ordinal of the newest checkpoint; 0 for none. */
  readonly checkpoints: number;
  readonly ended: boolean;
}

export async function writeCheckpoint(
  repository: Repository,
  task: TaskName,
  checkpoint: Checkpoint,
): Promise<void> {
  const place = { purpose: "run", scope: [task, checkpoint.run, String(checkpoint.ordinal)] } as const;
  const object = sealObject(repository.keyring, place, encodeBuffers(checkpoint));
  await repository.storage.create(checkpointPath(task, checkpoint.run, checkpoint.ordinal), object);
}

/** Errors: `object-missing`, `object-damaged`. */
export async function readCheckpoint(
  repository: Repository,
  task: TaskName,
  run: string,
  ordinal: number,
): Promise<Checkpoint> {
  const path = checkpointPath(task, run, ordinal);
  const place = { purpose: "run", scope: [task, run, String(ordinal)] } as const;
  return decodeBuffers(
    openObject(repository.keyring, place, path, await repository.storage.read(path)),
  ) as Checkpoint;
}

export async function writeRunRecord(
  repository: Repository,
  task: TaskName,
  record: RunRecord,
): Promise<void> {
  const place = { purpose: "run", scope: [task, record.run, "record"] } as const;
  await repository.storage.create(
    runRecordPath(task, record.run),
    sealObject(repository.keyring, place, record),
  );
}

/** Errors: `object-missing`, `object-damaged`. */
export async function readRunRecord(repository: Repository, task: TaskName, run: string): Promise<RunRecord> {
  const path = runRecordPath(task, run);
  const place = { purpose: "run", scope: [task, run, "record"] } as const;
  return openObject(repository.keyring, place, path, await repository.storage.read(path)) as RunRecord;
}

/** All runs of a task, oldest first: run ids begin with their time. */
export async function* listRunObjects(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): AsyncGenerator<KnownRun> {
  let current: { run: string; checkpoints: number; ended: boolean } | undefined;
  for await (const { path } of repository.storage.list(runsOf(task), signal ? { signal } : {})) {
    const [run, name] = path.slice(runsOf(task).length).split("/") as [string, string];
    if (current !== undefined && current.run !== run) {
      yield current;
      current = undefined;
    }
    current ??= { run, checkpoints: 0, ended: false };
    if (name === "record") current.ended = true;
    else current.checkpoints = Number(name);
  }
  if (current !== undefined) yield current;
}
