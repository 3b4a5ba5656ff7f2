/**
 * What operations tell about whether things could be rebuilt from what is kept.
 */
import type { Verdict } from "../../model/verdict.ts";

/** Something that is missing, or whose content is not known. */
export interface MissingRow {
  /** Null where it concerns the whole object. */
  readonly key: string | null;
  readonly what: string;
}

/** One object that is rebuilt as a whole: a model, a job. */
export interface ReadinessRow {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly instant: string;
  readonly key: string;
  readonly verdict: Verdict;
  /** The worst first. */
  readonly missing: readonly MissingRow[];
  /** How long rebuilding takes at least, ms; null where it cannot be told. */
  readonly estimateMs: number | null;
  /** Standbys that have a verified copy of it: with one it is not lost. */
  readonly copies?: readonly string[];
  /** `SOURCE/COLLECTION ITEM` that it is a copy of, made by a standby. */
  readonly copyOf?: string;
}

/** The same of a whole task, as a backup tells it. */
export interface ReadinessSummary {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** The first of those that could not be rebuilt, or not wholly. */
  readonly notRecoverable: readonly Pick<ReadinessRow, "key" | "verdict" | "missing">[];
  /** What to do about them. */
  readonly remedy?: string;
}
