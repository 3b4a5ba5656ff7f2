/**
 * What operations tell about items, their versions and what changed.
 */
import type { Level } from "../../model/level.ts";
import type { VersionKind } from "../../model/version.ts";

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

/** How exact an answer about the past is. */
export interface ExactnessRow {
  /** `second`: the very instant. Else the unit of the delta in which the time that was asked for lies. */
  readonly precision: "second" | "run" | "day" | "week" | "month" | "year" | "epoch";
  /** The kept instant that answers. */
  readonly instant: string;
  /** The next kept instant; null when there is none. */
  readonly next: string | null;
}

/** What changed for one item between two instants. */
export interface ChangeRow {
  readonly key: string;
  readonly change: "added" | "changed" | "deleted";
  readonly before: string | null;
  readonly after: string | null;
}
