/**
 * Calendar buckets: to which day, ISO week, month and year an instant belongs in a time zone.
 */
import type { Millis } from "../clock.ts";
import type { DeltaLevel } from "../level.ts";
import { DAY_MS } from "./policy.ts";

/** A day of the calendar, without a zone. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Whether the name is a time zone that this system knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** The day that it is at an instant in a zone. */
export function dayOf(instant: Millis, timezone: string): CalendarDay {
  // The formatter writes `01/05/2026`; splitting that is ten times faster than formatToParts.
  const [month, day, year] = formatOf(timezone).format(instant).split("/").map(Number) as [
    number,
    number,
    number,
  ];
  return { year, month, day };
}

/** The bucket of a level: `2026-01-05`, `2026-W02`, `2026-01`, `2026`; an intraday delta is a bucket of its own. */
export function bucketOf(level: DeltaLevel, instant: Millis, timezone: string): string {
  if (level === "intraday") return String(instant);
  const date = dayOf(instant, timezone);
  const year = String(date.year).padStart(4, "0");
  const month = String(date.month).padStart(2, "0");
  if (level === "yearly") return year;
  if (level === "monthly") return `${year}-${month}`;
  if (level === "daily") return `${year}-${month}-${String(date.day).padStart(2, "0")}`;
  return isoWeek(date);
}

const DAYS_IN_WEEK = 7;
/** ISO 8601: a week belongs to the year that holds its Thursday. */
const THURSDAY = 4;

function isoWeek({ year, month, day }: CalendarDay): string {
  const noon = Date.UTC(year, month - 1, day);
  const weekday = new Date(noon).getUTCDay() || DAYS_IN_WEEK;
  const thursday = new Date(noon + (THURSDAY - weekday) * DAY_MS);
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - first) / DAY_MS / DAYS_IN_WEEK) + 1;
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, "0")}`;
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      calendar: "gregory",
      numberingSystem: "latn",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
    });
    formats.set(timezone, format);
  }
  return format;
}
