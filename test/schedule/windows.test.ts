import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextOpening, parseWindow, type Window } from "../../src/schedule/windows.ts";

function opening(texts: readonly string[], timezone: string, time: string): string {
  const windows = texts.map((text) => parseWindow(text) as Window);
  return new Date(nextOpening(windows, timezone, Date.parse(time))).toISOString().replace(".000Z", "Z");
}

describe("windows", () => {
  it.each([
    [["22:00-06:00"], "UTC", "2026-06-01T12:00:00Z", "2026-06-01T22:00:00Z"],
    [["22:00-06:00"], "UTC", "2026-06-01T23:00:00Z", "2026-06-01T23:00:00Z"],
    [["22:00-06:00"], "UTC", "2026-06-02T05:59:59Z", "2026-06-02T05:59:59Z"],
    [["22:00-06:00"], "UTC", "2026-06-02T06:00:00Z", "2026-06-02T22:00:00Z"],
    [["12:00-13:00", "01:00-02:00"], "UTC", "2026-06-01T03:00:00Z", "2026-06-01T12:00:00Z"],
    [["12:00-24:00"], "UTC", "2026-06-01T23:59:00Z", "2026-06-01T23:59:00Z"],
    [["22:00-06:00"], "America/New_York", "2026-06-01T12:00:00Z", "2026-06-02T02:00:00Z"],
    // 02:00 to 03:00 is skipped on that day: the window has no length.
    [["02:00-03:00"], "Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-30T00:00:00Z"],
    [[], "UTC", "2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z"],
  ])("%j in %s after %s open at %s", (texts, timezone, time, expected) => {
    expect(opening(texts, timezone, time)).toBe(expected);
  });

  it.each(["", "22-06", "22:00", "22:00-22:00", "24:00-06:00", "22:00-06:60", "a22:00-06:00"])(
    "%j is none",
    (text) => {
      expect(parseWindow(text)).toBeUndefined();
    },
  );

  it("never opens before the time, and what has opened is open", () => {
    const zone = fc.constantFrom("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia");
    const minutes = fc.integer({ min: 0, max: 1439 });
    const time = fc.integer({ min: Date.parse("2025-01-01"), max: Date.parse("2027-12-31") });
    fc.assert(
      fc.property(zone, minutes, minutes, time, (timezone, from, to, at) => {
        fc.pre(from !== to);
        const windows = [{ from, to }];
        const opens = nextOpening(windows, timezone, at);
        expect(opens).toBeGreaterThanOrEqual(at);
        expect(nextOpening(windows, timezone, opens)).toBe(opens);
        expect(opens - at).toBeLessThan(49 * 3_600_000);
      }),
      { numRuns: 300 },
    );
  });
});
