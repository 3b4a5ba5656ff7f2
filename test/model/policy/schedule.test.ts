import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dayOf, instantOf } from "../../../src/model/policy/calendar.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { nextDue } from "../../../src/model/policy/schedule.ts";

const at = (text: string): number => Date.parse(text);
const iso = (instant: number): string => new Date(instant).toISOString();

function daily(timezone = "UTC", timeOfDay = "02:00", every = DAY_MS) {
  return { every, timeOfDay, timezone };
}

describe("the next run of a task", () => {
  it("is due at once when there has been none", () => {
    expect(nextDue(daily(), undefined, at("2026-11-21T12:34:56Z"))).toBe(at("2026-11-21T12:34:56Z"));
  });

  it.each([
    ["on the next day at the time of day", daily(), "2026-11-20T02:00:07Z", "2026-11-21T02:00:00Z"],
    ["not an hour after a late run", daily(), "2026-11-20T23:30:00Z", "2026-11-22T02:00:00Z"],
    ["within a day of a run by hand at noon", daily(), "2026-11-20T12:00:00Z", "2026-11-21T02:00:00Z"],
    ["in the policy's zone", daily("America/New_York"), "2026-11-20T07:00:07Z", "2026-11-21T07:00:00Z"],
    [
      "a week on, counted in days",
      daily("UTC", "02:00", 7 * DAY_MS),
      "2026-11-01T02:00:07Z",
      "2026-11-08T02:00:00Z",
    ],
    [
      "after its period where that is no whole day",
      daily("UTC", "02:00", 6 * 3_600_000),
      "2026-11-20T03:10:00Z",
      "2026-11-20T09:10:00Z",
    ],
  ])("is due %s", (_what, policy, last, due) => {
    expect(iso(nextDue(policy, at(last), at("2027-01-01T00:00:00Z")))).toBe(iso(at(due)));
  });

  it("falls on the first existing moment where clocks skip its time", () => {
    // 29 March 2026, Berlin: 02:00 becomes 03:00.
    expect(iso(nextDue(daily("Europe/Berlin", "02:30"), at("2026-03-28T01:30:00Z"), 0))).toBe(
      "2026-03-29T01:00:00.000Z",
    );
  });

  it("falls on the first of two where clocks show its time twice", () => {
    // 25 October 2026, Berlin: 03:00 becomes 02:00.
    expect(iso(nextDue(daily("Europe/Berlin", "02:30"), at("2026-10-24T00:30:00Z"), 0))).toBe(
      "2026-10-25T00:30:00.000Z",
    );
  });

  it("comes once for each day of the calendar, in every zone, whatever the clocks do", () => {
    const zones = Intl.supportedValuesOf("timeZone");
    const days = fc.integer({
      min: at("2025-01-01T00:00:00Z") / DAY_MS,
      max: at("2029-12-01T00:00:00Z") / DAY_MS,
    });
    const minutes = fc.integer({ min: 0, max: 24 * 60 - 1 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), days, minutes, (zone, day, minute) => {
        const time = `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
        const policy = daily(zone, time);
        let last = nextDue(policy, day * DAY_MS, 0);
        for (let turn = 0; turn < 10; turn++) {
          const due = nextDue(policy, last, 0);
          const [a, b] = [dayOf(last, zone), dayOf(due, zone)];
          expect(due).toBeGreaterThan(last);
          expect(Date.UTC(b.year, b.month - 1, b.day) - Date.UTC(a.year, a.month - 1, a.day)).toBe(DAY_MS);
          last = due;
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("a time of day in a zone", () => {
  it.each([
    ["UTC", { year: 2026, month: 1, day: 5 }, 120, "2026-01-05T02:00:00.000Z"],
    ["Asia/Kathmandu", { year: 2026, month: 1, day: 5 }, 0, "2026-01-04T18:15:00.000Z"],
    ["Pacific/Auckland", { year: 2026, month: 7, day: 1 }, 720, "2026-07-01T00:00:00.000Z"],
    ["America/Los_Angeles", { year: 2026, month: 3, day: 8 }, 150, "2026-03-08T10:00:00.000Z"],
  ])("of %s", (zone, day, minutes, expected) => {
    expect(iso(instantOf(day, minutes, zone))).toBe(expected);
  });
});
