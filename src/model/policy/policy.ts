/**
 * A policy: how often a task is backed up, how long each level of its timeline is kept, and what counts as an anomaly.
 * Meanings: docs/guide/retention.md. Durations are ms.
 */
import type { Millis } from "../clock.ts";
import type { DeltaLevel } from "../level.ts";

/** How many deltas a level keeps; null: all of them. */
export type KeepCount = number | null;

export interface AnomalyThresholds {
  /** False: runs are never marked. */
  readonly enabled: boolean;
  /** Shares and factors are not judged when fewer items than this are concerned: small collections jump about. */
  readonly minItems: number;
  /** Share of the items kept before that a run finds deleted or purged. */
  readonly deletedShare: number;
  /** Share of the items kept before that a run finds changed. */
  readonly changedShare: number;
  /** A run's bytes, of bodies and blobs, as a multiple of what the task held before it. */
  readonly growthFactor: number;
  /** Rise of stored bytes for each body byte over the median of the runs before (0 to 1): encrypted bodies do not compress. */
  readonly entropyJump: number;
  /** Share by which the number of items that the service reports fell without the run being told of their removal. */
  readonly shrunkShare: number;
}

export interface Policy {
  /** Time between runs. Shorter than a day: the runs' deltas have level intraday. */
  readonly every: Millis;
  /** `HH:MM` in `timezone`; where `every` is a whole number of days. */
  readonly timeOfDay: string;
  /** IANA name. Decides which calendar day, week, month and year a delta belongs to. */
  readonly timezone: string;
  readonly keep: Readonly<Record<DeltaLevel, KeepCount>>;
  /** How long what a rollup replaced can still be brought back; null: for ever. */
  readonly cleanupAfter: Millis | null;
  /** `eager`: the oldest delta beyond its number moves up at once. `lazy`: a whole calendar bucket at a time. */
  readonly rollupMode: "eager" | "lazy";
  /** Forget deletions when they are folded into the baseline. */
  readonly dropTombstones: boolean;
  /** What a source kind keeps of a collection, by its own switches (docs/guide/configuration.md); absent: as the source says. */
  readonly include: Readonly<Record<string, boolean>>;
  readonly anomaly: AnomalyThresholds;
}

const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
/** Shortest `every`. */
export const MIN_EVERY_MS = 5 * MINUTE_MS;

/** Seven daily and four weekly are the withdrawn service's own example; the rest are ours. */
export const DEFAULT_POLICY: Policy = {
  every: DAY_MS,
  timeOfDay: "02:00",
  timezone: "UTC",
  keep: { intraday: 48, daily: 7, weekly: 4, monthly: 12, yearly: null },
  cleanupAfter: DAY_MS,
  rollupMode: "eager",
  dropTombstones: false,
  include: {},
  anomaly: {
    enabled: true,
    minItems: 100,
    deletedShare: 0.3,
    changedShare: 0.5,
    growthFactor: 3,
    entropyJump: 0.4,
    shrunkShare: 0.3,
  },
};

/** The level of the deltas that a policy's runs make. */
export function levelOfRuns(policy: Pick<Policy, "every">): DeltaLevel {
  return policy.every < DAY_MS ? "intraday" : "daily";
}
