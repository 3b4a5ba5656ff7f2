import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import { noise } from "../../repository/segment/rig.ts";
import { DELETED, keeping, RollupRig, START, type Items } from "./rig.ts";

const POLICY = keeping({ daily: 2 });
const YEARS = keeping({ yearly: 1 }, { dropTombstones: true });

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

function many(count: number): Items[] {
  return Array.from({ length: count }, (_, index): Items => ({ [`item ${index}`]: "1", all: String(index) }));
}

async function year(items: Items): Promise<void> {
  await rig.run([items], { level: "yearly", after: 365 * DAY_MS });
}

/** Items that do not compress. */
function large(count: number, seed: number): Items {
  const names = Array.from({ length: count }, (_, index) => `large ${seed} ${index}`);
  return Object.fromEntries(
    names.map((name, index) => [name, noise(1_000, seed * 100 + index).toString("hex")]),
  );
}

describe("an entry of many groups", () => {
  it("is merged though nothing rolls up, stays that run's, and does not disturb a run that builds on it", async () => {
    const made = await rig.run(many(33));
    const { rolledUp, drops } = await rig.rollUp(POLICY);
    expect(rolledUp).toMatchObject([{ level: "baseline", how: "merged", inputs: [START] }]);
    expect(drops).toEqual([]);
    const baseline = await rig.entryAt(START);
    expect(baseline).toMatchObject({ id: made.id, runs: 1, counts: { live: 34 } });
    expect(baseline.groups).toHaveLength(1);
    expect(await rig.stateAt(START)).toEqual(rig.truth.get(START));
  });

  it("is left alone below that, unless it is asked for", async () => {
    await rig.run(many(3));
    expect((await rig.rollUp(POLICY)).rolledUp).toEqual([]);
    const { rolledUp } = await rig.rollUp(POLICY, { compact: true });
    expect(rolledUp).toMatchObject([{ how: "merged" }]);
    expect((await rig.entryAt(START)).groups).toHaveLength(1);
  });

  it("that gathers frequent runs never has more than a bound, and a byte of it is not rewritten at every turn", async () => {
    const quarter = DAY_MS / 96;
    const often = keeping({ intraday: 1 }, { every: quarter });
    await rig.run([{ x: "0" }]);
    let stored = 0;
    let rewritten = 0;
    for (let run = 1; run <= 40; run++) {
      const { counts } = await rig.run([{ [`item ${run}`]: "made" }], { level: "intraday", after: quarter });
      stored += counts.storedBytes;
      const { rolledUp } = await rig.rollUp(often);
      for (const { writtenBytes } of rolledUp) rewritten += writtenBytes;
      for (const { groups } of (await rig.manifest()).entries) expect(groups.length).toBeLessThanOrEqual(32);
    }
    expect(rewritten).toBeLessThan(stored);
    for (const { to } of (await rig.manifest()).entries)
      expect(await rig.stateAt(to)).toEqual(rig.truth.get(to));
  });
});

describe("a year that folds into the baseline", () => {
  beforeEach(async () => {
    await rig.run([{ ...large(20, 1), gone: "1", "held/gone": "1" }]);
    await year({ gone: DELETED, "held/gone": DELETED });
    await year({ x: "1" });
  });

  it("is only gathered while it is small beside it, and forgets no deletion", async () => {
    const { rolledUp } = await rig.rollUp(YEARS);
    expect(rolledUp).toMatchObject([{ level: "baseline", from: null, how: "gathered", writtenBytes: 0 }]);
    expect(await rig.outline()).toEqual(["baseline 2027-01-01", "yearly 2028-01-01"]);
    expect((await rig.stateAt(START + 365 * DAY_MS)).get("gone")).toBe(DELETED);
  });

  it("is merged with it when more than a quarter has gathered, and only then are deletions forgotten, held ones not", async () => {
    await rig.rollUp(YEARS);
    await year(large(20, 2));
    await year({ x: "2" });
    await rig.hold({ kind: "prefix", key: keyOf("held/") });
    const { rolledUp } = await rig.rollUp(YEARS);
    expect(rolledUp).toMatchObject([{ level: "baseline", how: "merged" }]);
    const baseline = (await rig.manifest()).entries[0] as TimelineEntry;
    expect(baseline).toMatchObject({ groups: { length: 1 }, runs: 4, counts: { live: 41, deleted: 1 } });
    const state = await rig.stateAt(baseline.to);
    expect(state.has("gone")).toBe(false);
    expect(state.get("held/gone")).toBe(DELETED);
  });
});
