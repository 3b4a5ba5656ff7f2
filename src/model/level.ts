/**
 * The levels of a timeline, finest first.
 */
export const DELTA_LEVELS = ["intraday", "daily", "weekly", "monthly", "yearly"] as const;

export type DeltaLevel = (typeof DELTA_LEVELS)[number];

export type Level = "baseline" | DeltaLevel;
