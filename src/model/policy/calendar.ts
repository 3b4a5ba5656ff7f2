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

const SECOND_MS = 1_000;
const formats = new Map<string, Intl.DateTimeFormat>();
const clocks = new Map<string, Intl.DateTimeFormat>();

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

/**
 * When it is a time of day on a day in a zone: the first moment where clocks show it twice; where they skip it, the moment
 * they do.
 */
export function instantOf({ year, month, day }: CalendarDay, minutes: number, timezone: string): Millis {
  const asUtc = Date.UTC(year, month - 1, day, 0, minutes);
  const offsets = [offsetAt(asUtc - DAY_MS, timezone), offsetAt(asUtc + DAY_MS, timezone)];
  const candidates = offsets.map((offset) => asUtc - offset);
  const shown = candidates.filter((instant) => instant + offsetAt(instant, timezone) === asUtc);
  if (shown.length > 0) return Math.min(...shown);
  let before = Math.min(...candidates);
  let after = Math.max(...candidates);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (middle + offsetAt(middle, timezone) < asUtc) before = middle;
    else after = middle;
  }
  return after;
}

/** What a zone's clocks are ahead of UTC. */
function offsetAt(instant: Millis, timezone: string): Millis {
  const shown = clockOf(timezone).format(instant).match(/\d+/g)?.map(Number) ?? [];
  const [month, day, year, hour, minute, second] = shown as [number, number, number, number, number, number];
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(instant / SECOND_MS) * SECOND_MS;
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

const DATE = { year: "numeric", month: "2-digit", day: "2-digit" } as const;
const CLOCK = { ...DATE, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } as const;

function formatOf(timezone: string): Intl.DateTimeFormat {
  return cached(formats, timezone, DATE);
}

function clockOf(timezone: string): Intl.DateTimeFormat {
  return cached(clocks, timezone, CLOCK);
}

/** Making a format takes a hundred times longer than using it. */
function cached(
  known: Map<string, Intl.DateTimeFormat>,
  timeZone: string,
  parts: Intl.DateTimeFormatOptions,
): Intl.DateTimeFormat {
  let format = known.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      ...parts,
    });
    known.set(timeZone, format);
  }
  return format;
}
