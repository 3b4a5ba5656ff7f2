/**
 * What operations tell about restores and comparisons.
 */
import type { RestoreAction, RestoreMode } from "../../sources/source.ts";
import type { ExactnessRow } from "./items.ts";

export interface RestoreItemRow {
  readonly key: string;
  readonly action: RestoreAction;
  readonly revision?: string;
  readonly previousRevision?: string;
  readonly reason?: string;
  /** The object that the target has for it, where the service chooses ids. */
  readonly mapped?: IdRow;
}

/** An object of the timeline and the one that the target has for it. */
export interface IdRow {
  /** What it is: `model`, `speaker`, `job`. */
  readonly group: string;
  readonly kept: string;
  readonly target: string;
}

export interface RestoreReport {
  /** Names the undo record; null in a preview or where there is nothing to undo. */
  readonly restore: string | null;
  readonly task: string;
  readonly instant: string;
  /** Absent for an undo, which goes to the state right before. */
  readonly exactness?: ExactnessRow;
  readonly target: string;
  readonly mode: RestoreMode;
  readonly applied: boolean;
  readonly counts: Readonly<Record<RestoreAction, number>>;
  /** The first of each action, for reading. */
  readonly samples: readonly RestoreItemRow[];
  /** Every item that was not restored, up to 1,000. */
  readonly failures: readonly RestoreItemRow[];
  /** Which object of the target stands for which kept one, where the service chooses ids; absent for other kinds. */
  readonly ids?: readonly IdRow[];
  readonly durationMs: number;
  readonly undo: string | null;
}

export interface CompareReport {
  readonly task: string;
  readonly instant: string;
  readonly exactness: ExactnessRow;
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
