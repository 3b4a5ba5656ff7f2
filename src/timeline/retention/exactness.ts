/**
 * How exact an as-of answer is. A time that is asked for is answered by the newest kept instant at or before it; what
 * happened between that instant and the time is in the next delta, and how long that one is tells how exact the answer is.
 */
import type { Millis } from "../../model/clock.ts";
import type { Level } from "../../model/level.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { Span } from "./plan.ts";

/**
 * `second`: the state at that very time, as the runs saw it. `run`: between two runs of one day. `epoch`: the collection was
 * made anew after the instant that answers, and nothing that lies between is kept.
 */
export type Precision = "second" | "run" | "day" | "week" | "month" | "year" | "epoch";

export interface Exactness {
  readonly precision: Precision;
  /** The instant that answers. */
  readonly instant: Millis;
  /** The next instant after the time; null when there is none. */
  readonly next: Millis | null;
}

/** Finest first. */
const PRECISIONS: readonly Precision[] = ["second", "run", "day", "week", "month", "year", "epoch"];

const OF_LEVEL: Readonly<Record<Level, Precision>> = {
  intraday: "run",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
  baseline: "epoch",
};

/** Runs are a day apart, more or less: one may start late. */
const LATE_MS = DAY_MS / 2;
const DAYS_IN_WEEK = 7;
const DAYS_IN_MONTH = 31;

/**
 * How exactly `time` is answered; undefined before the first instant. `entries`: oldest first. `held`: further instants at
 * which what is asked for is known, because a hold keeps it.
 */
export function exactnessAt(
  entries: readonly Pick<Span, "level" | "to">[],
  held: readonly Millis[],
  time: Millis,
): Exactness | undefined {
  const instants = [...entries.map(({ to }) => to), ...held].sort((a, b) => a - b);
  const instant = instants.findLast((one) => one <= time);
  if (instant === undefined) return undefined;
  const next = instants.find((one) => one > time) ?? null;
  if (instant === time || next === null) return { precision: "second", instant, next };
  const covering = entries.find(({ to }) => to > time);
  const ofLevel = OF_LEVEL[covering?.level ?? "baseline"];
  const isHeld = held.includes(instant) || held.includes(next);
  return { precision: isHeld ? finer(ofLevel, ofGap(next - instant)) : ofLevel, instant, next };
}

function finer(a: Precision, b: Precision): Precision {
  return PRECISIONS.indexOf(a) < PRECISIONS.indexOf(b) ? a : b;
}

/** Between two instants of held items: the delta that they bounded is part of a longer one now. */
function ofGap(gap: Millis): Precision {
  if (gap < DAY_MS - LATE_MS) return "run";
  if (gap < DAY_MS + LATE_MS) return "day";
  if (gap < DAYS_IN_WEEK * DAY_MS + LATE_MS) return "week";
  if (gap < DAYS_IN_MONTH * DAY_MS + LATE_MS) return "month";
  return "year";
}
