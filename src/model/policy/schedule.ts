/**
 * When a task is due.
 */
import type { Millis } from "../clock.ts";
import { dayOf, instantOf } from "./calendar.ts";
import { DAY_MS, type Policy } from "./policy.ts";

/** A regular time that comes this much too soon after the last run, which was late then, is left out. */
const TOO_SOON_MS = DAY_MS / 2;
const MINUTES_IN_HOUR = 60;

/**
 * When the next run is due; at once for a task that never ran. Whole days: at the time of day, counted from the day of the last
 * run. After a long pause one run is due, not all that were missed. `last`: when the last run that was kept began.
 */
export function nextDue(
  { every, timeOfDay, timezone }: Pick<Policy, "every" | "timeOfDay" | "timezone">,
  last: Millis | undefined,
  now: Millis,
): Millis {
  if (last === undefined) return now;
  if (every % DAY_MS !== 0) return last + every;
  const [hours, minutes] = timeOfDay.split(":").map(Number) as [number, number];
  const { year, month, day } = dayOf(last, timezone);
  for (let days = every / DAY_MS - 1; ; days++) {
    // A day of the calendar, not 24 hours: clocks change.
    const date = new Date(Date.UTC(year, month - 1, day + days));
    const wanted = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    const due = instantOf(wanted, hours * MINUTES_IN_HOUR + minutes, timezone);
    if (due - last >= every - TOO_SOON_MS) return due;
  }
}
