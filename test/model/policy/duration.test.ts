import { describe, expect, it } from "vitest";
import { parsePeriod, periodText } from "../../../src/model/policy/duration.ts";

const HOUR = 3_600_000;

describe("a duration of a policy", () => {
  it.each([
    ["30m", HOUR / 2],
    ["6h", 6 * HOUR],
    ["1d", 24 * HOUR],
    ["2w", 336 * HOUR],
    ["P1D", 24 * HOUR],
    ["PT5M", HOUR / 12],
    ["P1W", 168 * HOUR],
    ["P1DT12H", 36 * HOUR],
  ])("%s", (text, ms) => {
    expect(parsePeriod(text)).toBe(ms);
  });

  it.each(["", "1", "d", "0d", "-1d", "1.5h", "P", "PT", "P0D", "P1M", "P1Y", "1 d", "1mo"])(
    "is not %j",
    (text) => {
      expect(parsePeriod(text)).toBeUndefined();
    },
  );

  it.each([
    [24 * HOUR, "1d"],
    [336 * HOUR, "2w"],
    [36 * HOUR, "36h"],
    [HOUR / 12, "5m"],
  ])("of %i ms is written %s", (ms, text) => {
    expect(periodText(ms)).toBe(text);
    expect(parsePeriod(text)).toBe(ms);
  });
});
