/**
 * Asking for a time in the past: which kept instant answers, and how exactly.
 */
import type { Millis } from "../model/clock.ts";
import { formatInstant, parseTime } from "../model/instant.ts";
import { exactnessAt, exactnessText, type Exactness } from "../timeline/retention/exactness.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { Hooks } from "./hooks.ts";
import type { ExactnessRow } from "./reports.ts";

export interface AsOf {
  readonly instant: Millis;
  /** The time that was asked for; the instant itself where an instant was counted (`latest~2`). */
  readonly asked: Millis;
  readonly exactness: ExactnessRow;
}

const COUNTED = /^latest(~\d+)?$/;

/** The kept instant that `text` means; an answer that is not exact is told. Errors: `instant-unknown`. */
export function resolveAsOf(timeline: Timeline, text: string, now: Millis, hooks: Hooks): AsOf {
  const instant = timeline.resolve(text, now);
  const asked = COUNTED.test(text) ? instant : parseTime(text, now);
  const exactness = exactnessAt(timeline.manifest.entries, [], asked) ?? {
    precision: "second",
    instant,
    next: null,
  };
  if (exactness.precision !== "second") {
    hooks.note?.(`As of ${formatInstant(instant)}, ${exactnessText(exactness)}.`);
  }
  return { instant, asked, exactness: exactnessRow(exactness) };
}

function exactnessRow({ precision, instant, next }: Exactness): ExactnessRow {
  return { precision, instant: formatInstant(instant), next: next === null ? null : formatInstant(next) };
}
