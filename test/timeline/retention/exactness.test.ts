import { describe, expect, it } from "vitest";
import type { Level } from "../../../src/model/level.ts";
import { exactnessAt } from "../../../src/timeline/retention/exactness.ts";
import { at } from "./outlines.ts";

const entry = (level: Level, day: string, time = "02:00:00"): { level: Level; to: number } => ({
  level,
  to: at(day, time),
});
const ENTRIES = [
  entry("baseline", "2024-01-01"),
  entry("yearly", "2024-12-29"),
  entry("monthly", "2025-01-26"),
  entry("weekly", "2025-02-02"),
  entry("daily", "2025-02-03"),
  entry("intraday", "2025-02-03", "08:00:00"),
  entry("baseline", "2025-02-05"),
  entry("daily", "2025-02-06"),
];

describe("how exact an answer is", () => {
  it.each([
    ["2024-06-01", "year", "2024-01-01", "2024-12-29"],
    ["2025-01-10", "month", "2024-12-29", "2025-01-26"],
    ["2025-01-30", "week", "2025-01-26", "2025-02-02"],
    ["2025-02-02", "day", "2025-02-02", "2025-02-03"],
    // The collection was made anew on 02-05; of the time in between nothing is kept.
    ["2025-02-04", "epoch", "2025-02-03", "2025-02-05"],
  ])("on %s: to the %s", (day, precision, instant, next) => {
    expect(exactnessAt(ENTRIES, [], at(day, "20:00:00"))).toEqual({
      precision,
      instant: at(instant, precision === "epoch" ? "08:00:00" : "02:00:00"),
      next: at(next),
    });
  });

  it("between two runs of a day: to the run", () => {
    expect(exactnessAt(ENTRIES, [], at("2025-02-03", "05:00:00"))).toMatchObject({ precision: "run" });
  });

  it("at an instant and after the newest one: to the second; before the first one there is none", () => {
    const time = at("2025-01-26");
    expect(exactnessAt(ENTRIES, [], time)).toEqual({
      precision: "second",
      instant: time,
      next: at("2025-02-02"),
    });
    const newest = at("2025-02-06");
    expect(exactnessAt(ENTRIES, [], newest + 1)).toEqual({
      precision: "second",
      instant: newest,
      next: null,
    });
    expect(exactnessAt(ENTRIES, [], at("2023-12-31"))).toBeUndefined();
  });

  it("of held items: by their own instants too", () => {
    const held = [at("2025-01-20"), at("2025-01-21"), at("2025-01-21", "06:00:00")];
    const asked = (day: string, time: string) => exactnessAt(ENTRIES, held, at(day, time))?.precision;
    expect(asked("2025-01-20", "02:00:00")).toBe("second");
    expect(asked("2025-01-20", "12:00:00")).toBe("day");
    expect(asked("2025-01-21", "03:00:00")).toBe("run");
    // Up to the end of the month's delta, and from its beginning.
    expect(asked("2025-01-22", "12:00:00")).toBe("week");
    expect(asked("2025-01-05", "12:00:00")).toBe("month");
    expect(asked("2024-06-01", "12:00:00")).toBe("year");
  });
});
