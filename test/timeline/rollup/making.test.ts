import { describe, expect, it } from "vitest";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import type { Planned } from "../../../src/timeline/retention/plan.ts";
import { makingsOf } from "../../../src/timeline/rollup/making.ts";
import { accountedEntry, accountedSegment } from "../../../bench/retention/account.ts";
import { START } from "./rig.ts";

interface Sketch {
  readonly level?: TimelineEntry["level"];
  readonly epoch?: number;
  /** Bytes of the groups of each input. */
  readonly inputs: readonly (readonly number[])[];
  /** Runs in each input. */
  readonly runs?: number;
}

/** Planned entries, one behind the other; each input's level is daily unless it stands alone. */
function planOf(...sketches: readonly Sketch[]): Planned<TimelineEntry>[] {
  let to = START;
  return sketches.map(({ level = "weekly", epoch = 1, inputs, runs = 1 }) => {
    const from = to;
    const made = inputs.map((groups): TimelineEntry => {
      const begin = to;
      to += DAY_MS;
      const segments = groups.map((bytes) => [accountedSegment(bytes)]);
      const own = inputs.length === 1 ? level : "daily";
      return { ...accountedEntry(own, begin, to, segments), epoch, runs };
    });
    return { epoch, level, from, to, inputs: made };
  });
}

const hows = (plan: Planned<TimelineEntry>[], compact = false): string[] =>
  makingsOf(plan, compact).map(
    ({ how, untouched, planned }) => `${plan.indexOf(planned)} ${how} ${untouched}`,
  );

const daily: Sketch = { level: "daily", inputs: [[1]] };
const fold = (folded: number): Sketch => ({ level: "baseline", inputs: [[1_000], [folded]], runs: 2 });
const open = (groups: number[]): Sketch => ({ inputs: [groups], runs: groups.length });
const equal = (count: number, bytes = 100): number[] => Array.from({ length: count }, () => bytes);

describe("what is made of a plan", () => {
  it("is nothing where entries stay as they are", () => {
    expect(hows(planOf({ level: "baseline", inputs: [[1]] }, daily, daily))).toEqual([]);
  });

  it("gathers the newest of a level, and merges those that a newer one of the level follows", () => {
    expect(hows(planOf({ inputs: [[1], [1]] }, { inputs: [[1], [1]] }, daily))).toEqual([
      "0 merged 0",
      "1 gathered 0",
    ]);
  });

  it("merges what was gathered before, once its bucket is over", () => {
    expect(hows(planOf({ inputs: [[1, 1, 1]], runs: 3 }, { inputs: [[1]] }))).toEqual(["0 merged 0"]);
  });

  it("merges every bucket of an incarnation that is over", () => {
    const plan = planOf({ inputs: [[1], [1]] }, { level: "baseline", epoch: 2, inputs: [[1]] });
    expect(hows(plan)).toEqual(["0 merged 0"]);
  });

  it("only changes the level of an entry that opens a bucket alone, even of several groups", () => {
    const [entry] = planOf({ level: "daily", inputs: [[1, 1]] });
    expect(hows([{ ...(entry as Planned<TimelineEntry>), level: "weekly" }])).toEqual(["0 gathered 0"]);
  });

  it("leaves the groups of one run as they are, even when its bucket is over, up to a bound", () => {
    expect(hows(planOf({ inputs: [[1, 1]] }, { inputs: [[1]] }))).toEqual([]);
    expect(hows(planOf({ level: "baseline", inputs: [equal(32)] }, daily))).toEqual([]);
    expect(hows(planOf({ level: "baseline", inputs: [equal(33)] }, daily))).toEqual(["0 merged 0"]);
  });

  it("merges everything of several groups on demand", () => {
    expect(
      hows(planOf({ level: "baseline", inputs: [[1, 1]] }, { inputs: [[1], [1]] }, daily), true),
    ).toEqual(["0 merged 0", "1 merged 0"]);
  });

  it("gathers what folds into a baseline until it is more than a quarter of it", () => {
    expect(hows(planOf(fold(250), daily))).toEqual(["0 gathered 0"]);
    expect(hows(planOf(fold(251), daily))).toEqual(["0 merged 0"]);
  });

  it("leaves large groups alone where an open bucket has too many, and merges the small ones behind them", () => {
    expect(hows(planOf(open([3_300, ...equal(31)])))).toEqual([]);
    expect(hows(planOf(open([3_300, ...equal(32)])))).toEqual(["0 merged 1"]);
    expect(hows(planOf(open([9_000, 3_300, ...equal(31)])))).toEqual(["0 merged 2"]);
    // Not worth a group of its own any more.
    expect(hows(planOf(open([3_000, ...equal(32)])))).toEqual(["0 merged 0"]);
  });

  it("makes room where an open bucket has too many groups, whatever their sizes", () => {
    const halving = Array.from({ length: 33 }, (_, index) => 2 ** (40 - index));
    expect(hows(planOf({ inputs: [halving], runs: 33 }))).toEqual(["0 merged 17"]);
  });
});
