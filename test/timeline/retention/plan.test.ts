/**
 * The decision about retention: the specification's worked example, edited policies, and what stands aside.
 */
import { describe, expect, it } from "vitest";
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

/** Forty days. */
function lived(given: RetentionRules): Outline {
  const outline = new Outline();
  for (let day = 0; day < 40; day++) outline.run(at("2026-01-01") + day * DAY_MS, given);
  return outline;
}

describe("a policy that was edited", () => {
  it("downward rolls several deltas up at once", () => {
    const outline = lived(rules({ daily: null }));
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
    const outline = lived(rules({ daily: 3 }));
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

const yearly = (year: number): Span => ({
  epoch: 1,
  level: "yearly",
  from: at(`${year - 1}-12-31`),
  to: at(`${year}-12-31`),
  beforeRestore: false,
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
