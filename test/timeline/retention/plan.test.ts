/**
 * The decision about retention: the specification's worked example, its invariants over random histories, and the corners.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DELTA_LEVELS, type DeltaLevel, type Level } from "../../../src/model/level.ts";
import { bucketOf } from "../../../src/model/policy/calendar.ts";
import { planRetention, type RetentionRules, type Span } from "../../../src/timeline/retention/plan.ts";
import { at, DAY_MS, dayText, entriesOf, listed, never, Outline, rules } from "./outlines.ts";

const days = (first: string, count: number): string[] =>
  Array.from({ length: count }, (_, day) => `daily ${dayText(at(first) + day * DAY_MS)}`);

describe("the worked example (keep 7/4/12, UTC, a run each day at 02:00)", () => {
  const KEEP = rules({ daily: 7, weekly: 4, monthly: 12, yearly: null });
  const BASELINE = "baseline 2026-01-01";

  /** The timeline after the run of a day. */
  function after(day: string): Outline {
    const outline = new Outline();
    for (let to = at("2026-01-01"); to <= at(day); to += DAY_MS) outline.run(to, KEEP);
    return outline;
  }

  const coarse = (day: string): string[] =>
    listed(after(day).entries).filter((text) => !text.startsWith("daily"));

  it("01-08: seven dailies stay as they are", () => {
    expect(listed(after("2026-01-08").entries)).toEqual([BASELINE, ...days("2026-01-02", 7)]);
  });

  it("01-09: daily 01-02 becomes weekly 2026-W01, ending 01-02", () => {
    const { entries, drops } = after("2026-01-09");
    expect(listed(entries)).toEqual([BASELINE, "weekly 2026-01-02", ...days("2026-01-03", 7)]);
    expect(bucketOf("weekly", at("2026-01-02"), "UTC")).toBe("2026-W01");
    expect(drops).toEqual([]);
  });

  it("01-10 and 01-11: 01-03 and 01-04 merge into W01", () => {
    const { entries, drops } = after("2026-01-10");
    expect(listed(entries)).toEqual([BASELINE, "weekly 2026-01-03", ...days("2026-01-04", 7)]);
    const into = { level: "weekly", bucket: "2026-W01" };
    const first = { instant: at("2026-01-02"), level: "weekly", into, rule: "keep" };
    expect(drops).toEqual([first]);
    const next = after("2026-01-11");
    expect(listed(next.entries)).toEqual([BASELINE, "weekly 2026-01-04", ...days("2026-01-05", 7)]);
    expect(next.drops).toEqual([first, { ...first, instant: at("2026-01-03") }]);
    expect(next.entries[1]).toMatchObject({ from: at("2026-01-01"), to: at("2026-01-04") });
  });

  it("01-12: W01 is closed, and daily 01-05 opens W02", () => {
    expect(listed(after("2026-01-12").entries)).toEqual([
      BASELINE,
      "weekly 2026-01-04",
      "weekly 2026-01-05",
      ...days("2026-01-06", 7),
    ]);
  });

  it("02-01: four weeklies, the last of which ends 01-25", () => {
    expect(coarse("2026-02-01")).toEqual([
      BASELINE,
      "weekly 2026-01-04",
      "weekly 2026-01-11",
      "weekly 2026-01-18",
      "weekly 2026-01-25",
    ]);
  });

  it("02-02: daily 01-26 opens W05, the fifth weekly, and W01 becomes monthly 2026-01, ending 01-04", () => {
    expect(coarse("2026-02-02")).toEqual([
      BASELINE,
      "monthly 2026-01-04",
      "weekly 2026-01-11",
      "weekly 2026-01-18",
      "weekly 2026-01-25",
      "weekly 2026-01-26",
    ]);
  });

  it.each([
    ["2026-02-09", "2026-01-11"],
    ["2026-02-16", "2026-01-18"],
    ["2026-02-23", "2026-01-25"],
  ])("%s: the week that ended %s merges into monthly 2026-01", (day, end) => {
    const monthlies = coarse(day).filter((text) => text.startsWith("monthly"));
    expect(monthlies).toEqual([`monthly ${end}`]);
    expect(coarse(day).filter((text) => text.startsWith("weekly"))).toHaveLength(4);
    expect(coarse(dayText(at(day) - DAY_MS))).not.toContain(`monthly ${end}`);
  });

  it("03-02: W05, which ends 02-01, opens monthly 2026-02, and monthly 2026-01 stands for 01-25", () => {
    expect(coarse("2026-03-01").filter((text) => text.startsWith("monthly"))).toEqual(["monthly 2026-01-25"]);
    expect(coarse("2026-03-02").filter((text) => text.startsWith("monthly"))).toEqual([
      "monthly 2026-01-25",
      "monthly 2026-02-01",
    ]);
    expect(bucketOf("monthly", at("2026-02-01"), "UTC")).toBe("2026-02");
  });

  it("the thirteenth monthly opens, and monthly 2026-01 becomes yearly 2026", () => {
    const outline = new Outline();
    const monthlies = (): string[] => listed(outline.entries).filter((text) => text.startsWith("monthly"));
    let before: string[] = [];
    for (let to = at("2026-01-01"); to <= at("2028-01-01"); to += DAY_MS) {
      before = monthlies();
      outline.run(to, KEEP);
      if (outline.entries.some(({ level }) => level === "yearly")) break;
    }
    expect(before).toHaveLength(12);
    expect(before[0]).toBe("monthly 2026-01-25");
    expect(monthlies()).toHaveLength(12);
    expect(monthlies().at(-1)).toMatch(/^monthly 2027-01-/);
    expect(listed(outline.entries)[1]).toBe("yearly 2026-01-25");
  });

  it("12-30 of 2028: exactly the listed sets, then four weeklies and seven dailies", () => {
    expect(listed(after("2028-12-30").entries)).toEqual([
      BASELINE,
      "yearly 2026-12-27",
      "yearly 2027-11-28",
      "monthly 2027-12-26",
      "monthly 2028-01-30",
      "monthly 2028-02-27",
      "monthly 2028-03-26",
      "monthly 2028-04-30",
      "monthly 2028-05-28",
      "monthly 2028-06-25",
      "monthly 2028-07-30",
      "monthly 2028-08-27",
      "monthly 2028-09-24",
      "monthly 2028-10-29",
      "monthly 2028-11-26",
      "weekly 2028-12-03",
      "weekly 2028-12-10",
      "weekly 2028-12-17",
      "weekly 2028-12-23",
      ...days("2028-12-24", 7),
    ]);
  });
});

/** What the rules say, read word for word: one delta at a time, the oldest first, one level after the other. */
function byTheLetter(entries: readonly Span[], { keep, timezone }: RetentionRules): Span[] {
  const left: Span[] = [...entries];
  const parents: readonly Level[] = ["daily", "weekly", "monthly", "yearly", "baseline"];
  for (const [index, level] of DELTA_LEVELS.entries()) {
    const parent = parents[index] as Level;
    const most = keep[level];
    while (most !== null && left.filter((entry) => entry.level === level).length > most) {
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
/** How many deltas a calendar bucket of the next level has beside the one that makes it full. */
const LAZY_EXCESS: Readonly<Record<DeltaLevel, number>> = {
  intraday: 60,
  daily: 6,
  weekly: 5,
  monthly: 11,
  yearly: 0,
};

describe("after every plan", () => {
  const check = (property: (...args: Parameters<Parameters<typeof live>[1]>) => Span[]): void =>
    fc.assert(
      fc.property(aHistory, (history) => live(history, property)),
      { numRuns: 150 },
    );
  const planned = (...[before, given, pinned]: Parameters<Parameters<typeof live>[1]>): Span[] =>
    entriesOf(planRetention(before, given, pinned).entries);

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
        const slack = given.rollupMode === "lazy" ? LAZY_EXCESS[level] : 0;
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

describe("a policy that was edited", () => {
  const monthOf = (given: RetentionRules): Outline => {
    const outline = new Outline();
    for (let day = 0; day < 40; day++) outline.run(at("2026-01-01") + day * DAY_MS, given);
    return outline;
  };

  it("downward rolls several deltas up at once", () => {
    const outline = monthOf(rules({ daily: null }));
    expect(outline.entries).toHaveLength(40);
    outline.rollUp(rules({ daily: 3, weekly: 2 }));
    expect(listed(outline.entries)).toEqual([
      "baseline 2026-01-01",
      "monthly 2026-01-25",
      "weekly 2026-02-01",
      "weekly 2026-02-06",
      "daily 2026-02-07",
      "daily 2026-02-08",
      "daily 2026-02-09",
    ]);
  });

  it("upward rolls up nothing and brings nothing back", () => {
    const outline = monthOf(rules({ daily: 3 }));
    const before = listed(outline.entries);
    const drops = outline.drops.length;
    outline.rollUp(rules({ daily: 30, weekly: 30 }));
    expect(listed(outline.entries)).toEqual(before);
    expect(outline.drops).toHaveLength(drops);
  });

  it("to another zone puts only later deltas into that zone's buckets", () => {
    const outline = new Outline();
    // 23:30 UTC on Sunday is Monday in Berlin.
    for (const day of ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"]) {
      outline.run(at(day, "23:30:00"), rules({ daily: 1 }, { timezone: "Europe/Berlin" }));
    }
    expect(listed(outline.entries).slice(1)).toEqual([
      "weekly 2026-01-03",
      "weekly 2026-01-04",
      "daily 2026-01-05",
    ]);
  });
});

describe("lazily", () => {
  const lazy = rules({ daily: 7 }, { rollupMode: "lazy" });

  it("a week waits until all its days are beyond the number, and then moves as a whole", () => {
    const outline = new Outline();
    let most = 0;
    for (let to = at("2026-01-01"); to <= at("2026-01-25"); to += DAY_MS) {
      outline.run(to, lazy);
      most = Math.max(most, outline.entries.filter(({ level }) => level === "daily").length);
    }
    expect(most).toBe(13);
    expect(listed(outline.entries).filter((text) => !text.startsWith("daily"))).toEqual([
      "baseline 2026-01-01",
      "weekly 2026-01-04",
      "weekly 2026-01-11",
      "weekly 2026-01-18",
    ]);
  });

  it("yearlies beyond their number fold into the baseline one by one", () => {
    const yearly = (year: number): Span => ({
      epoch: 1,
      level: "yearly",
      from: at(`${year - 1}-12-31`),
      to: at(`${year}-12-31`),
      beforeRestore: false,
    });
    const baseline: Span = { ...yearly(2025), level: "baseline", from: null };
    const plan = planRetention(
      [baseline, yearly(2026), yearly(2027)],
      { ...lazy, keep: { ...lazy.keep, yearly: 1 } },
      never,
    );
    expect(listed(entriesOf(plan.entries))).toEqual(["baseline 2026-12-31", "yearly 2027-12-31"]);
  });
});

describe("what stands aside", () => {
  it("a held instant is an input of no merge and does not count", () => {
    const outline = new Outline();
    const held = at("2026-01-05");
    for (let to = at("2026-01-01"); to <= at("2026-01-20"); to += DAY_MS) {
      outline.run(to, rules({ daily: 3 }), { pinned: (instant) => instant === held });
    }
    expect(listed(outline.entries)).toEqual([
      "baseline 2026-01-01",
      "weekly 2026-01-04",
      "daily 2026-01-05",
      "weekly 2026-01-11",
      "weekly 2026-01-17",
      ...days("2026-01-18", 3),
    ]);
    outline.rollUp(rules({ daily: 3 }));
    // Released, it goes where the days around it went.
    expect(listed(outline.entries)).toEqual([
      "baseline 2026-01-01",
      "weekly 2026-01-04",
      "weekly 2026-01-11",
      "weekly 2026-01-17",
      ...days("2026-01-18", 3),
    ]);
    expect(outline.drops.at(-1)).toMatchObject({
      instant: held,
      into: { bucket: "2026-W02" },
      rule: "order",
    });
  });

  it("what a restore kept for its undo moves along with its neighbours", () => {
    const outline = new Outline();
    const given = rules({ daily: 2 });
    outline.run(at("2026-01-05"), given);
    outline.run(at("2026-01-06"), given);
    outline.run(at("2026-01-06", "09:00:00"), given, { beforeRestore: true });
    outline.run(at("2026-01-07"), given);
    expect(outline.entries).toHaveLength(4);
    outline.run(at("2026-01-08"), given);
    outline.run(at("2026-01-09"), given);
    expect(listed(outline.entries)).toEqual([
      "baseline 2026-01-05",
      "weekly 2026-01-07",
      ...days("2026-01-08", 2),
    ]);
  });

  it("a new epoch's deltas never join an older epoch's", () => {
    const outline = new Outline();
    const given = rules({ daily: 1 });
    for (const day of ["2026-01-05", "2026-01-06", "2026-01-07"]) outline.run(at(day), given);
    for (const day of ["2026-01-08", "2026-01-09", "2026-01-10"]) outline.run(at(day), given, { epoch: 2 });
    expect(outline.entries.map(({ epoch, level, to }) => `${epoch} ${level} ${dayText(to)}`)).toEqual([
      "1 baseline 2026-01-05",
      "1 weekly 2026-01-07",
      "2 baseline 2026-01-08",
      "2 weekly 2026-01-09",
      "2 daily 2026-01-10",
    ]);
  });

  it("intraday deltas beyond their number become the day they belong to in the zone", () => {
    const outline = new Outline();
    const given = rules({ intraday: 2, daily: 5 }, { timezone: "Europe/Berlin" });
    outline.run(at("2026-01-05", "00:00:00"), given);
    // 23:00 UTC is the next day in Berlin.
    for (const time of ["12:00:00", "18:00:00", "22:30:00", "23:00:00", "23:30:00"]) {
      outline.run(at("2026-01-05", time), given, { level: "intraday" });
    }
    expect(
      outline.entries.map(({ level, to }) => `${level} ${new Date(to).toISOString().slice(11, 16)}`),
    ).toEqual(["baseline 00:00", "daily 22:30", "intraday 23:00", "intraday 23:30"]);
  });
});
