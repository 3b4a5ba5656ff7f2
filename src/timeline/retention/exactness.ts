/**
 * How exact an as-of answer is. A time that is asked for is answered by the newest kept instant at or before it; what
 * happened between that instant and the time is in the next delta, and how long that one is tells how exact the answer is.
 */
import type { Millis } from "../../model/clock.ts";
import { formatInstant } from "../../model/instant.ts";
import type { Level } from "../../model/level.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { Span } from "./plan.ts";

/**
 * `second`: it is the state at that very time, as far as any run saw it. `run`: between two runs of one day. `epoch`: the
 * collection was made anew after the instant, and nothing that lies between is kept.
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
const PRECISIONS = ["second", "run", "day", "week", "month", "year", "epoch"] as const satisfies Precision[];

const OF_LEVEL: Readonly<Record<Level, Precision>> = {
  intraday: "run",
  daily: "day",
  weekly: "week",
  monthly: "month",
  yearly: "year",
  baseline: "epoch",
};

/** Runs that a day's deltas come from are a day apart, more or less: a run may start late. */
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
  const instants = [...entries.map(({ to }) => to), ...held];
  const before = Math.max(...instants.filter((instant) => instant <= time));
  const after = Math.min(...instants.filter((instant) => instant > time));
  if (before === -Infinity) return undefined;
  const next = after === Infinity ? null : after;
  if (before === time || next === null) return { precision: "second", instant: before, next };
  const covering = entries.find(({ to }) => to > time);
  const ofLevel = OF_LEVEL[covering?.level ?? "baseline"];
  const bounded = held.includes(before) || held.includes(next);
  return { precision: bounded ? finer(ofLevel, ofGap(next - before)) : ofLevel, instant: before, next };
}

/** `exact to the week; nearest instants: 2026-01-04T02:00:00Z, 2026-01-11T02:00:00Z`. */
export function exactnessText({ precision, instant, next }: Exactness): string {
  if (precision === "second" || next === null) return "exact to the second";
  const nearest = `nearest instants: ${formatInstant(instant)}, ${formatInstant(next)}`;
  if (precision === "epoch") return `not exact, the collection was made anew since; ${nearest}`;
  return `exact to the ${precision}; ${nearest}`;
}

function finer(a: Precision, b: Precision): Precision {
  return PRECISIONS.indexOf(a) < PRECISIONS.indexOf(b) ? a : b;
}

/** Between two instants of held items, whose delta is part of a longer one now. */
function ofGap(gap: Millis): Precision {
  if (gap < DAY_MS - LATE_MS) return "run";
  if (gap < DAY_MS + LATE_MS) return "day";
  if (gap < DAYS_IN_WEEK * DAY_MS + LATE_MS) return "week";
  if (gap < DAYS_IN_MONTH * DAY_MS + LATE_MS) return "month";
  return "year";
}
