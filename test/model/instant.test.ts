import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import { formatInstant, parseTime, resolveInstant } from "../../src/model/instant.ts";

const at = (text: string): number => Date.parse(text);
const INSTANTS = ["2026-01-01T02:00:00Z", "2026-01-02T02:00:00Z", "2026-01-03T02:00:00Z"].map(at);
const NOW = at("2026-01-03T12:00:00Z");

describe("resolveInstant", () => {
  it.each([
    ["latest", "2026-01-03T02:00:00Z"],
    ["latest~0", "2026-01-03T02:00:00Z"],
    ["latest~2", "2026-01-01T02:00:00Z"],
    ["2026-01-02T02:00:00Z", "2026-01-02T02:00:00Z"],
    ["2026-01-02T01:59:59Z", "2026-01-01T02:00:00Z"],
    ["2026-01-02T03:00:00+01:00", "2026-01-02T02:00:00Z"],
    ["2026-01-02", "2026-01-02T02:00:00Z"],
    ["11h ago", "2026-01-02T02:00:00Z"],
    ["2 days ago", "2026-01-01T02:00:00Z"],
    ["now", "2026-01-03T02:00:00Z"],
  ])("%s names the newest instant at or before it", (text, expected) => {
    expect(formatInstant(resolveInstant(text, { all: INSTANTS, counted: INSTANTS }, NOW))).toBe(expected);
  });

  it.each([
    ["latest~3", "3 kept instants"],
    ["2025-12-31", "the first kept instant is 2026-01-01T02:00:00Z"],
    ["yesterday", "is not a time"],
    ["12", "is not a time"],
    ["", "is not a time"],
  ])("%s is refused with what there is instead", (text, message) => {
    expect(() => resolveInstant(text, { all: INSTANTS, counted: INSTANTS }, NOW)).toThrowError(message);
    expect(() => resolveInstant(text, { all: INSTANTS, counted: INSTANTS }, NOW)).toThrowError(HoldfastError);
  });

  it("counts back over counted instants only, and finds the others by their time", () => {
    const some = { all: INSTANTS, counted: [INSTANTS[0] as number, INSTANTS[2] as number] };
    expect(formatInstant(resolveInstant("latest~1", some, NOW))).toBe("2026-01-01T02:00:00Z");
    expect(formatInstant(resolveInstant("2026-01-02", some, NOW))).toBe("2026-01-02T02:00:00Z");
  });

  it("says so when nothing is kept yet", () => {
    expect(() => resolveInstant("2026-01-02", { all: [], counted: [] }, NOW)).toThrowError(
      "no instant is kept yet",
    );
  });
});

describe("parseTime", () => {
  it("takes a bare date for the end of that day, UTC", () => {
    expect(parseTime("2026-01-02", NOW)).toBe(at("2026-01-02T23:59:59.999Z"));
  });
});
