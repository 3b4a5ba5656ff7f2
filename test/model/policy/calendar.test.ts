import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketOf, dayOf, isTimeZone } from "../../../src/model/policy/calendar.ts";

const DAY_MS = 86_400_000;
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "America/Sao_Paulo",
  "America/New_York",
  "Pacific/Apia",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
];

/** The wall clock's date, from the zone's offset instead of from its calendar. */
function shifted(instant: number, timezone: string): Date {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: timezone, timeZoneName: "longOffset" });
  const name = format.formatToParts(instant).find(({ type }) => type === "timeZoneName")?.value ?? "";
  const [, sign, hours, minutes, seconds = "0"] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? [];
  if (sign === undefined) return new Date(instant);
  const offset = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(seconds) * 1_000;
  return new Date(instant + (sign === "-" ? -offset : offset));
}

/** Week 1 begins on the Monday at or before 4 January. */
function mondayOfWeekOne(year: number): number {
  const fourth = Date.UTC(year, 0, 4);
  return fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY_MS;
}

function weekByCounting(date: Date): string {
  const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  let year = date.getUTCFullYear() + 1;
  while (mondayOfWeekOne(year) > midnight) year -= 1;
  const week = 1 + Math.floor((midnight - mondayOfWeekOne(year)) / (7 * DAY_MS));
  return `${year}-W${String(week).padStart(2, "0")}`;
}

const day = (text: string, zone: string): string => bucketOf("daily", Date.parse(text), zone);

const anInstant = fc.integer({
  min: Date.UTC(1980, 0, 1) / 1_000,
  max: Date.UTC(2100, 0, 1) / 1_000,
});

describe("calendar buckets", () => {
  // As printed by `date -d … +%G-W%V`.
  it.each([
    ["2011-12-31", "2011-W52"],
    ["2012-01-01", "2011-W52"],
    ["2012-01-02", "2012-W01"],
    ["2015-12-31", "2015-W53"],
    ["2016-01-03", "2015-W53"],
    ["2018-12-31", "2019-W01"],
    ["2019-12-30", "2020-W01"],
    ["2020-12-27", "2020-W52"],
    ["2020-12-28", "2020-W53"],
    ["2020-12-31", "2020-W53"],
    ["2021-01-01", "2020-W53"],
    ["2021-01-03", "2020-W53"],
    ["2021-01-04", "2021-W01"],
    ["2024-12-30", "2025-W01"],
    ["2026-01-01", "2026-W01"],
    ["2026-01-05", "2026-W02"],
    ["2026-12-31", "2026-W53"],
    ["2027-01-01", "2026-W53"],
    ["2027-01-04", "2027-W01"],
  ])("put %s into ISO week %s", (date, week) => {
    for (const time of ["00:00:00", "23:59:59"]) {
      expect(bucketOf("weekly", Date.parse(`${date}T${time}Z`), "UTC")).toBe(week);
    }
  });

  it("follow the zone's own days, hour changes and a day that was skipped", () => {
    expect(day("2026-03-28T22:59:59Z", "Europe/Berlin")).toBe("2026-03-28");
    expect(day("2026-03-28T23:00:00Z", "Europe/Berlin")).toBe("2026-03-29");
    expect(day("2026-03-29T21:59:59Z", "Europe/Berlin")).toBe("2026-03-29");
    expect(day("2026-03-29T22:00:00Z", "Europe/Berlin")).toBe("2026-03-30");
    // Midnight did not exist on the day summer time began, and came twice on the day it ended.
    expect(day("2018-11-04T02:59:59Z", "America/Sao_Paulo")).toBe("2018-11-03");
    expect(day("2018-11-04T03:00:00Z", "America/Sao_Paulo")).toBe("2018-11-04");
    expect(day("2019-02-17T02:59:59Z", "America/Sao_Paulo")).toBe("2019-02-16");
    expect(day("2019-02-17T03:00:00Z", "America/Sao_Paulo")).toBe("2019-02-17");
    // No summer time since.
    expect(day("2026-12-01T02:59:59Z", "America/Sao_Paulo")).toBe("2026-11-30");
    // There was no 30 December 2011.
    expect(day("2011-12-30T09:59:59Z", "Pacific/Apia")).toBe("2011-12-29");
    expect(day("2011-12-30T10:00:00Z", "Pacific/Apia")).toBe("2011-12-31");
    expect(bucketOf("yearly", Date.parse("2025-12-31T23:00:00Z"), "Europe/Berlin")).toBe("2026");
    expect(bucketOf("monthly", Date.parse("2026-01-31T23:00:00Z"), "Europe/Berlin")).toBe("2026-02");
  });

  it("equal what the zone's offset and counting weeks from 4 January give", () => {
    fc.assert(
      fc.property(anInstant, fc.constantFrom(...ZONES), (seconds, timezone) => {
        const instant = seconds * 1_000;
        const wall = shifted(instant, timezone);
        const iso = wall.toISOString();
        expect(bucketOf("daily", instant, timezone)).toBe(iso.slice(0, 10));
        expect(bucketOf("monthly", instant, timezone)).toBe(iso.slice(0, 7));
        expect(bucketOf("yearly", instant, timezone)).toBe(iso.slice(0, 4));
        expect(bucketOf("weekly", instant, timezone)).toBe(weekByCounting(wall));
        const date = dayOf(instant, timezone);
        expect(Date.UTC(date.year, date.month - 1, date.day)).toBe(Date.parse(iso.slice(0, 10)));
      }),
      { numRuns: 1_000 },
    );
  });

  it("are one for each instant at the level intraday", () => {
    expect(bucketOf("intraday", 1_000, "UTC")).not.toBe(bucketOf("intraday", 2_000, "UTC"));
  });

  it("know which names are zones", () => {
    expect(["UTC", "Europe/Berlin", "Mars/Olympus", ""].map(isTimeZone)).toEqual([true, true, false, false]);
  });
});
