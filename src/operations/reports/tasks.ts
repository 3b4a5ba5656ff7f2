/**
 * What operations tell about tasks, runs and deltas.
 */
import type { Level } from "../../model/level.ts";
import type { AnomalyRow, FreezeRow } from "./marks.ts";
import type { ReadinessSummary } from "./readiness.ts";

/** A task with the state of its timeline. */
export interface TaskSummary {
  readonly task: string;
  readonly source: string;
  readonly kind: string;
  readonly collection: string;
  readonly epoch: number;
  readonly instants: number;
  readonly oldest: string;
  readonly latest: string;
  /** When its next run is due; null where its source is not configured. */
  readonly nextDue: string | null;
  /** Bytes in the repository: segments and packs. */
  readonly storedBytes: number;
  /** Absent for a task that is not frozen. */
  readonly frozen?: FreezeRow;
}

/** One execution of a task's backup, finished or not. */
export interface RunReport {
  readonly run: string;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly state: "running" | "committed" | "failed" | "interrupted" | "superseded";
  readonly kind: "baseline" | "delta" | null;
  /** Why a new baseline was made, where it was not the first. */
  readonly reason?: string;
  readonly level: Level | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** The new instant. */
  readonly instant: string | null;
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly blobs: number;
  /** Body bytes read, and bytes added to the repository. */
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly requests: number;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Absent where no rollup was asked for, or the key may not read. */
  readonly maintenance?: MaintenanceReport;
  /** Whether it could all be rebuilt; told by `backup` only, of kinds that keep more than the service gives back. */
  readonly readiness?: ReadinessSummary;
  /** Why the run was marked; absent for an ordinary one. */
  readonly anomalies?: readonly AnomalyRow[];
  /** What froze the task, as it is after the run; told by `backup` only. */
  readonly frozen?: FreezeRow;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A baseline or delta of a timeline. */
export interface DeltaRow {
  readonly id: string;
  readonly epoch: number;
  readonly level: Level;
  /** Exclusive start; null for a baseline. */
  readonly from: string | null;
  /** The instant. */
  readonly to: string;
  readonly run: string;
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly segments: number;
  /** Why the run, or a run that was merged into it, was marked; absent when none was. */
  readonly anomalies?: readonly AnomalyRow[];
}

/** What rollup and cleanup did after a run. */
export interface MaintenanceReport {
  /** Entries made. */
  readonly rolledUp: number;
  /** Instants given up. */
  readonly dropped: number;
  readonly cleanedFiles: number;
  readonly cleanedBytes: number;
  readonly refused: "frozen" | null;
  /** What went wrong; the run is kept all the same. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** A step of a long operation; every number is a total so far. */
export interface OperationProgress {
  readonly operation: string;
  readonly task: string | null;
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  readonly bytes: number;
}
