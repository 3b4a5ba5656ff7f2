/**
 * When a task is due.
 */
import type { Millis } from "../clock.ts";
import { dayOf, instantOf } from "./calendar.ts";
import { DAY_MS, type Policy } from "./policy.ts";

/** A regular time that comes this much too soon after the last run, which was late then, is left out. */
const TOO_SOON_MS = DAY_MS / 2;
const MINUTES_IN_HOUR = 60;

/** When something may begin that is wanted at a time. */
export type Opening = (time: Millis) => Millis;

/** Whether runs are due at a time of day, and not so long after the last one. */
export function hasTimeOfDay({ every }: Pick<Policy, "every">): boolean {
  return every % DAY_MS === 0;
}

/**
 * When the next run is due; at once for a task that never ran. Whole days: at the time of day, counted from the day of the last
 * run. After a long pause one run is due, not all that were missed. `last`: when the last run that was kept began. `opens`: the first time from
 * a given one on at which runs may begin; always when absent.
 */
export function nextDue(
  { every, timeOfDay, timezone }: Pick<Policy, "every" | "timeOfDay" | "timezone">,
  last: Millis | undefined,
  now: Millis,
  opens: Opening = (time) => time,
): Millis {
  if (last === undefined) return opens(now);
  if (!hasTimeOfDay({ every })) return opens(last + every);
  const [hours, minutes] = timeOfDay.split(":").map(Number) as [number, number];
  const { year, month, day } = dayOf(last, timezone);
  for (let days = every / DAY_MS - 1; ; days++) {
    // A day of the calendar, not 24 hours: clocks change.
    const date = new Date(Date.UTC(year, month - 1, day + days));
    const wanted = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
    const due = opens(instantOf(wanted, hours * MINUTES_IN_HOUR + minutes, timezone));
    if (due - last >= every - TOO_SOON_MS) return due;
  }
}
