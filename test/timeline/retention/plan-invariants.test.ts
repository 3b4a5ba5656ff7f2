/**
 * The invariants of the decision about retention, over random policies, schedules, zones, holds and edits.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELTA_LEVELS, type DeltaLevel, type Level } from "../../../src/model/level.ts";
import { bucketOf } from "../../../src/model/policy/calendar.ts";
import { planRetention, type RetentionRules, type Span } from "../../../src/timeline/retention/plan.ts";
import { at, entriesOf, never } from "./outlines.ts";

/** What the rules say, read word for word: one delta at a time, the oldest first, one level after the other. */
function byTheLetter(entries: readonly Span[], { keep, timezone }: RetentionRules): Span[] {
  const left: Span[] = [...entries];
  const parents: readonly Level[] = ["daily", "weekly", "monthly", "yearly", "baseline"];
  for (const [index, level] of DELTA_LEVELS.entries()) {
    const parent = parents[index] as Level;
    const most = keep[level] ?? Infinity;
    while (left.filter((entry) => entry.level === level).length > most) {
      const oldest = left.findIndex((entry) => entry.level === level);
      const moved = left[oldest] as Span;
      const before = left[oldest - 1];
      const joins =
        before?.level === parent &&
        (parent === "baseline" ||
          bucketOf(parent, before.to, timezone) === bucketOf(parent, moved.to, timezone));
      if (joins) left.splice(oldest - 1, 2, { ...before, to: moved.to });
      else left[oldest] = { ...moved, level: parent };
    }
  }
  return left;
}

const ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia"];
/** Years with odd days: a skipped day in Apia (2011), hour changes in São Paulo (until 2019), weeks 53 (2015, 2020, 2026). */
const STARTS = ["2011-12-01", "2015-12-01", "2018-10-01", "2020-11-01", "2026-10-01"];

const aCount = fc.oneof(
  { weight: 2, arbitrary: fc.constant(1) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 8 }) },
);
const aNumber = fc.oneof({ weight: 5, arbitrary: aCount }, { weight: 1, arbitrary: fc.constant(null) });
const aPolicy = fc.record({
  timezone: fc.constantFrom(...ZONES),
  rollupMode: fc.constantFrom("eager" as const, "lazy" as const),
  keep: fc.record({ intraday: aNumber, daily: aNumber, weekly: aNumber, monthly: aNumber, yearly: aNumber }),
});

interface Step {
  /** Hours since the run before. */
  readonly hours: number;
  readonly intraday: boolean;
  readonly anew: boolean;
  readonly beforeRestore: boolean;
  /** Hold the instant this far back; null: none. */
  readonly hold: number | null;
  readonly release: boolean;
  readonly edit: RetentionRules | null;
  /** Whether a rollup follows: where not, the next one has more to do. */
  readonly rollUp: boolean;
}

const rarely = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ weight, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const mostly = fc.oneof(
  { weight: 4, arbitrary: fc.constant(true) },
  { weight: 1, arbitrary: fc.constant(false) },
);

const aStep: fc.Arbitrary<Step> = fc.record({
  hours: fc.oneof(
    { weight: 8, arbitrary: fc.constant(24) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 23 }) },
    { weight: 2, arbitrary: fc.integer({ min: 25, max: 24 * 25 }) },
    { weight: 1, arbitrary: fc.integer({ min: 24 * 25, max: 24 * 400 }) },
  ),
  intraday: rarely(4),
  anew: rarely(40),
  beforeRestore: rarely(20),
  hold: fc.oneof(
    { weight: 10, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 10 }) },
  ),
  release: rarely(12),
  edit: fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: aPolicy }),
  rollUp: mostly,
});
const aHistory = fc.record({
  start: fc.constantFrom(...STARTS),
  policy: aPolicy,
  steps: fc.array(aStep, { minLength: 1, maxLength: 60 }),
});

/** Lives a history; `look` sees each plan with what it began from. */
function live(
  { start, policy, steps }: { start: string; policy: RetentionRules; steps: readonly Step[] },
  look: (before: readonly Span[], given: RetentionRules, pinned: (instant: number) => boolean) => Span[],
): void {
  let entries: Span[] = [];
  let given = policy;
  let now = at(start);
  const held = new Set<number>();
  for (const step of steps) {
    now += step.hours * 3_600_000;
    given = step.edit ?? given;
    const last = entries.at(-1);
    const first = last === undefined || step.anew;
    entries.push({
      epoch: (last?.epoch ?? 0) + (first ? 1 : 0),
      level: first ? "baseline" : step.intraday ? "intraday" : "daily",
      from: first ? null : last.to,
      to: now,
      beforeRestore: step.beforeRestore && !first,
    });
    const chosen = step.hold === null ? undefined : entries.at(-1 - step.hold);
    if (chosen !== undefined) held.add(chosen.to);
    if (step.release) held.delete([...held][0] as number);
    if (step.rollUp) entries = look(entries, given, (instant) => held.has(instant));
  }
}

const RANK: Readonly<Record<Level, number>> = {
  intraday: 0,
  daily: 1,
  weekly: 2,
  monthly: 3,
  yearly: 4,
  baseline: 5,
};
const PARENT = {
  intraday: "daily",
  daily: "weekly",
  weekly: "monthly",
  monthly: "yearly",
} as const;

/** How far a level may lie above its number where buckets move as a whole: by less than the fullest of its buckets. */
function lazyExcess(counted: readonly Span[], level: DeltaLevel, timezone: string): number {
  if (level === "yearly") return 0;
  const sizes = new Map<string, number>();
  for (const { to } of counted) {
    const bucket = bucketOf(PARENT[level], to, timezone);
    sizes.set(bucket, (sizes.get(bucket) ?? 0) + 1);
  }
  return Math.max(1, ...sizes.values()) - 1;
}

type Look = Parameters<typeof live>[1];

function check(look: Look): void {
  fc.assert(
    fc.property(aHistory, (history) => live(history, look)),
    { numRuns: 150 },
  );
}

const planned = (...[before, given, pinned]: Parameters<Look>): Span[] =>
  entriesOf(planRetention(before, given, pinned).entries);

describe("after every plan", () => {
  it("I1: each epoch is gap-free and disjoint and begins with its baseline", () => {
    check((before, given, pinned) => {
      const entries = planned(before, given, pinned);
      for (const [index, entry] of entries.entries()) {
        const previous = entries[index - 1];
        if (previous?.epoch === entry.epoch) expect(entry.from).toBe(previous.to);
        else expect(entry).toMatchObject({ level: "baseline", from: null });
        if (previous) expect(entry.to).toBeGreaterThan(previous.to);
      }
      return entries;
    });
  });

  it("I2: levels never go finer with age, but for what is held or was kept for an undo", () => {
    check((before, given, pinned) => {
      const entries = planned(before, given, pinned);
      const ranks = entries
        .filter(({ to, beforeRestore }) => !pinned(to) && !beforeRestore)
        .map(({ epoch, level }) => ({ epoch, rank: RANK[level] }));
      for (const [index, { epoch, rank }] of ranks.entries()) {
        const older = ranks[index - 1];
        if (older?.epoch === epoch) expect(older.rank).toBeGreaterThanOrEqual(rank);
      }
      return entries;
    });
  });

  it("I3: no level holds more than its number", () => {
    check((before, given, pinned) => {
      const entries = planned(before, given, pinned);
      for (const level of DELTA_LEVELS) {
        const counted = entries.filter((entry, index) => {
          if (entry.level !== level || pinned(entry.to) || entry.beforeRestore) return false;
          // A yearly can fold only into a baseline that it follows.
          const { epoch } = entry;
          return (
            level !== "yearly" ||
            !entries.slice(0, index).some((older) => older.epoch === epoch && pinned(older.to))
          );
        });
        const slack = given.rollupMode === "lazy" ? lazyExcess(counted, level, given.timezone) : 0;
        expect(counted.length).toBeLessThanOrEqual((given.keep[level] ?? Infinity) + slack);
      }
      return entries;
    });
  });

  it("nothing is lost on the way: inputs are the entries in order, and drops are exactly the instants that go", () => {
    check((before, given, pinned) => {
      const plan = planRetention(before, given, pinned);
      expect(plan.entries.flatMap(({ inputs }) => inputs)).toEqual(before);
      for (const { inputs, from, to, epoch } of plan.entries) {
        expect([from, to]).toEqual([inputs[0]?.from, inputs.at(-1)?.to]);
        expect(inputs.every((input) => input.epoch === epoch)).toBe(true);
      }
      const kept = new Set(plan.entries.map(({ to }) => to));
      const gone = before.map(({ to }) => to).filter((to) => !kept.has(to));
      expect(plan.drops.map(({ instant }) => instant).sort((a, b) => a - b)).toEqual(gone);
      for (const { instant, into } of plan.drops) {
        expect(pinned(instant)).toBe(false);
        const { level } = into;
        if (level !== "baseline") expect(bucketOf(level, instant, given.timezone)).toBe(into.bucket);
      }
      return entriesOf(plan.entries);
    });
  });

  it("a second plan has nothing left to do", () => {
    check((before, given, pinned) => {
      const entries = planned(before, given, pinned);
      const again = planRetention(entries, given, pinned);
      expect(again.drops).toEqual([]);
      expect(entriesOf(again.entries)).toEqual(entries);
      return entries;
    });
  });

  it("eagerly, without holds, it is what the rules say word for word", () => {
    const undisturbed = aHistory.map(({ policy, steps, ...more }) => ({
      ...more,
      policy: { ...policy, rollupMode: "eager" as const },
      // One epoch and one level of runs, as the rules assume.
      steps: steps.map((step) => ({
        ...step,
        anew: false,
        beforeRestore: false,
        hold: null,
        edit: null,
        intraday: steps[0]?.intraday === true,
      })),
    }));
    const property = fc.property(undisturbed, (history) =>
      live(history, (before, given) => {
        const entries = entriesOf(planRetention(before, given, never).entries);
        expect(entries).toEqual(byTheLetter(before, given));
        return entries;
      }),
    );
    fc.assert(property, { numRuns: 150 });
  });
});
