/**
 * The forecast must say what then happens: it is checked against timelines that live on.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareEnds,
  forecast,
  type Fate,
  type Forecast,
  type ForecastRules,
} from "../../../src/timeline/retention/forecast.ts";
import { planRetention, type Span } from "../../../src/timeline/retention/plan.ts";
import { at, DAY_MS, dayText, entriesOf, never, Outline, rules } from "./outlines.ts";

const daily = (keep: Parameters<typeof rules>[0], more: Parameters<typeof rules>[1] = {}): ForecastRules => ({
  ...rules(keep, more),
  levelOfRuns: "daily",
  nextRun: (after) => after + DAY_MS,
});

function livedTo(day: string, given: ForecastRules, first = "2026-01-01"): Outline {
  const outline = new Outline();
  for (let to = at(first); to <= at(day); to += DAY_MS) outline.run(to, given);
  return outline;
}

const foretold = (
  outline: Outline,
  given: ForecastRules,
  pinned: (instant: number) => boolean = never,
  work?: number,
): Forecast => forecast(outline.entries, given, pinned, outline.entries.at(-1)?.to ?? 0, work);

const fateOf = ({ fates }: Forecast, day: string): Fate =>
  fates.find(({ instant }) => instant === at(day)) as Fate;

/** So long a timeline lives on after it was foretold. */
const LIVED_MS = 300 * DAY_MS;

describe("the forecast", () => {
  const KEEP = daily({ daily: 7, weekly: 4, monthly: 12, yearly: null });

  it("says which rule keeps each instant, until when, and what becomes of it then", () => {
    const told = foretold(livedTo("2026-02-02", KEEP), KEEP);
    expect(fateOf(told, "2026-01-01").keptBy).toEqual({ kind: "baseline" });
    expect(fateOf(told, "2026-02-02").keptBy).toEqual({
      kind: "number",
      level: "daily",
      position: 1,
      keep: 7,
    });
    expect(fateOf(told, "2026-01-31").keptBy).toEqual({
      kind: "number",
      level: "daily",
      position: 3,
      keep: 7,
    });
    // 01-27 opens nothing: it joins W05 on 02-03, and 01-26 goes.
    expect(fateOf(told, "2026-01-26").end).toEqual({
      kind: "at",
      time: at("2026-02-03"),
      into: { level: "weekly", bucket: "2026-W05" },
    });
    // 01-31 is the last but one of its week.
    expect(fateOf(told, "2026-01-31").end).toMatchObject({ kind: "at", time: at("2026-02-08") });
    // Sunday 02-01 stands for its week, then for the first part of its month.
    expect(fateOf(told, "2026-02-01").end).toEqual({
      kind: "at",
      time: at("2026-03-09"),
      into: { level: "monthly", bucket: "2026-02" },
    });
  });

  it("says what never goes: the baseline where yearlies are unlimited, what is held, the last state of an old epoch", () => {
    const outline = livedTo("2026-02-02", KEEP);
    const held = at("2026-01-30");
    expect(fateOf(foretold(outline, KEEP), "2026-01-01").end).toEqual({ kind: "never" });
    const told = foretold(outline, KEEP, (instant) => instant === held);
    expect(fateOf(told, "2026-01-30")).toMatchObject({ keptBy: { kind: "held" }, end: { kind: "held" } });
    outline.run(at("2026-02-03"), KEEP, { epoch: 2 });
    expect(fateOf(foretold(outline, KEEP), "2026-02-02").end).toEqual({ kind: "never" });
  });

  it("says that the baseline goes when the first yearly folds into it", () => {
    const one = daily({ daily: 1, weekly: 1, monthly: 1, yearly: 1 });
    const told = foretold(livedTo("2026-01-02", one), one);
    const { end } = fateOf(told, "2026-01-01");
    // Day 02-08 opens W06 on 02-09, so W05, which ends 02-07, opens February, and January opens the second yearly.
    expect(end).toEqual({ kind: "at", time: at("2027-02-09"), into: { level: "baseline", bucket: "" } });
  });

  it("says what the next rollup gives up: what is due now, and what the next run adds", () => {
    const all = daily({ daily: null });
    const outline = livedTo("2026-01-10", all);
    const told = foretold(outline, KEEP);
    expect(told.due.map(({ instant }) => dayText(instant))).toEqual(["2026-01-02"]);
    expect(fateOf(told, "2026-01-02").end).toMatchObject({ kind: "at", time: at("2026-01-10") });
    expect(told.next.run).toBe(at("2026-01-11"));
    expect(told.next.drops.map(({ instant }) => dayText(instant))).toEqual(["2026-01-02", "2026-01-03"]);
  });

  it("reaches only so far, and says so", () => {
    const told = foretold(livedTo("2026-02-02", KEEP), KEEP, never, 100);
    expect(fateOf(told, "2026-02-01").end).toMatchObject({ kind: "after" });
    const { end } = fateOf(told, "2026-02-01");
    expect((end as { time: number }).time).toBeLessThan(at("2026-03-09"));
  });

  it("does not give a run to a time before the newest instant, whatever the clock says", () => {
    const outline = livedTo("2026-01-10", KEEP);
    const told = forecast(outline.entries, KEEP, never, at("2025-01-01"));
    expect(told.next.run).toBeGreaterThan(at("2026-01-10"));
  });

  it("is what then happens, for any numbers, either mode and any hold", () => {
    const aNumber = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 5 }) },
      { weight: 1, arbitrary: fc.constant(null) },
    );
    const property = fc.property(
      fc.record({ daily: aNumber, weekly: aNumber, monthly: aNumber, yearly: aNumber }),
      fc.constantFrom("eager" as const, "lazy" as const),
      fc.constantFrom("UTC", "America/Sao_Paulo"),
      fc.integer({ min: 1, max: 80 }),
      fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }),
      fc.boolean(),
      (keep, rollupMode, timezone, runs, hold, again) => {
        const given = daily(keep, { rollupMode, timezone });
        const outline = new Outline();
        for (let run = 0; run < runs; run++) {
          const epoch = again && run > runs / 2 ? 2 : 1;
          outline.run(at("2026-09-20") + run * DAY_MS, given, { epoch, beforeRestore: run % 17 === 16 });
        }
        const held = hold === undefined ? undefined : outline.entries.at(hold % outline.entries.length)?.to;
        const pinned = (instant: number): boolean => instant === held;
        const told = foretold(outline, given, pinned, 20_000);
        // What is lived on.
        const gone = new Map<number, number>();
        let entries: readonly Span[] = outline.entries;
        const last = entries.at(-1) as Span;
        for (let to = last.to + DAY_MS; to < last.to + LIVED_MS; to += DAY_MS) {
          const before = entries.at(-1) as Span;
          const made: Span = { epoch: last.epoch, level: "daily", from: before.to, to, beforeRestore: false };
          const plan = planRetention([...entries, made], given, pinned);
          for (const { instant } of plan.drops) gone.set(instant, to);
          entries = entriesOf(plan.entries);
        }
        const due = new Set(told.due.map(({ instant }) => instant));
        for (const { instant, end } of told.fates) {
          const time = gone.get(instant);
          if (due.has(instant)) expect(time).toBe(last.to + DAY_MS);
          else if (end.kind === "at")
            expect(time ?? Infinity).toBe(end.time < last.to + LIVED_MS ? end.time : Infinity);
          // What is not foretold is not given up before; what never goes does not go.
          else expect(time ?? Infinity).toBeGreaterThan(end.kind === "after" ? end.time : last.to + LIVED_MS);
        }
      },
    );
    fc.assert(property, { numRuns: 20 });
  });
});

describe("ends", () => {
  const into = { level: "weekly", bucket: "2026-W01" } as const;

  it("compare by time, never last; what is not foretold is never taken for sooner or later than it may be", () => {
    const soon = { kind: "at", time: 1, into } as const;
    const late = { kind: "at", time: 9, into } as const;
    const open = { kind: "after", time: 5 } as const;
    const forEver = { kind: "never" } as const;
    expect(compareEnds(soon, late)).toBeLessThan(0);
    expect(compareEnds(forEver, late)).toBeGreaterThan(0);
    expect(compareEnds(forEver, forEver)).toBe(0);
    expect(compareEnds(open, soon)).toBeGreaterThan(0);
    expect(compareEnds(soon, open)).toBeLessThan(0);
    expect(Math.abs(compareEnds(open, late))).toBe(0);
    expect(Math.abs(compareEnds(late, open))).toBe(0);
  });
});
