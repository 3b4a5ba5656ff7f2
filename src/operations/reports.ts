/**
 * What operations tell their callers (the command line, the API, the library). Plain data: every field survives JSON,
 * times are ISO 8601 UTC with milliseconds, sizes are bytes, durations ms. Field names are published; add, never rename.
 */
import type { Level } from "../model/level.ts";
import type { VersionKind } from "../model/version.ts";
import type { RestoreAction, RestoreMode } from "../sources/source.ts";

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
  /** Bytes in the repository: segments and packs. */
  readonly storedBytes: number;
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
}

export interface ItemRow {
  readonly key: string;
  readonly kind: VersionKind;
  readonly revision: string;
  /** When the run saw this version. */
  readonly seen: string;
  readonly bytes: number;
  /** Conflicting leaf revisions beside the winner. */
  readonly parts: number;
  readonly blobs: number;
}

/** One kept version in an item's history. */
export interface VersionRow extends ItemRow {
  readonly level: Level;
  readonly epoch: number;
  /** The instant at which the version is kept. */
  readonly instant: string;
  readonly sequence: string;
}

/** What changed for one item between two instants. */
export interface ChangeRow {
  readonly key: string;
  readonly change: "added" | "changed" | "deleted";
  readonly before: string | null;
  readonly after: string | null;
}

export interface RestoreItemRow {
  readonly key: string;
  readonly action: RestoreAction;
  readonly revision?: string;
  readonly previousRevision?: string;
  readonly reason?: string;
}

export interface RestoreReport {
  /** Names the undo record; null in a preview or where there is nothing to undo. */
  readonly restore: string | null;
  readonly task: string;
  readonly instant: string;
  readonly target: string;
  readonly mode: RestoreMode;
  readonly applied: boolean;
  readonly counts: Readonly<Record<RestoreAction, number>>;
  /** The first of each action, for reading. */
  readonly samples: readonly RestoreItemRow[];
  /** Every item that was not restored, up to 1,000. */
  readonly failures: readonly RestoreItemRow[];
  readonly durationMs: number;
  readonly undo: string | null;
}

export interface CompareReport {
  readonly task: string;
  readonly instant: string;
  readonly target: string;
  readonly equal: boolean;
  readonly items: number;
  readonly parts: number;
  readonly blobs: number;
  readonly differences: readonly {
    readonly key: string;
    readonly difference: string;
    readonly detail: string;
  }[];
  readonly differenceCount: number;
  readonly durationMs: number;
}

/** Something `check` found. */
export interface Finding {
  readonly severity: "error" | "warning" | "note";
  readonly code: string;
  readonly task: string | null;
  /** Repository object. */
  readonly path: string;
  readonly message: string;
  /** Runs and instants whose versions are concerned. */
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  /** Items concerned: exact keys where they are known, else a range in words. */
  readonly items: readonly string[];
}

export interface CheckReport {
  readonly ok: boolean;
  readonly tasks: number;
  readonly segments: number;
  readonly packs: number;
  readonly bytesRead: number;
  readonly findings: readonly Finding[];
  readonly durationMs: number;
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
