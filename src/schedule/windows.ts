/**
 * Hours in which jobs may begin: `22:00-06:00`, in a time zone. Where the clocks skip or repeat an hour, a window begins and ends by what
 * they show.
 */
import type { Millis } from "../model/clock.ts";
import { dayOf, instantOf } from "../model/policy/calendar.ts";

/** Minutes since midnight; an end before the begin lies on the next day. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/;
const MINUTES_IN_HOUR = 60;
const MINUTES_IN_DAY = 24 * MINUTES_IN_HOUR;

/** Undefined for what is no window, and for one of no length. */
export function parseWindow(text: string): Window | undefined {
  const found = WINDOW.exec(text);
  if (found === null) return undefined;
  const [fromHour, fromMinute, toHour, toMinute] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
  ];
  const from = fromHour * MINUTES_IN_HOUR + fromMinute;
  const to = found[3] === undefined ? MINUTES_IN_DAY : toHour * MINUTES_IN_HOUR + toMinute;
  return from === to ? undefined : { from, to };
}

/** The first time from `time` on at which a window is open; `time` itself without windows. */
export function nextOpening(windows: readonly Window[], timezone: string, time: Millis): Millis {
  if (windows.length === 0) return time;
  let earliest = Number.POSITIVE_INFINITY;
  const { year, month, day } = dayOf(time, timezone);
  // A window of yesterday may still be open, one of today may be over; a day may even have none of its hours.
  for (let days = -1; days <= 2; days++) {
    const date = new Date(Date.UTC(year, month - 1, day + days));
    const on = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    const next = new Date(Date.UTC(year, month - 1, day + days + 1));
    const after = { year: next.getUTCFullYear(), month: next.getUTCMonth() + 1, day: next.getUTCDate() };
    for (const { from, to } of windows) {
      const opens = instantOf(on, from, timezone);
      const closes =
        to > from && to < MINUTES_IN_DAY
          ? instantOf(on, to, timezone)
          : instantOf(after, to % MINUTES_IN_DAY, timezone);
      // Where the clocks skip the hours of a window there is none that day.
      if (time < closes && opens < closes) earliest = Math.min(earliest, Math.max(time, opens));
    }
  }
  return earliest;
}
