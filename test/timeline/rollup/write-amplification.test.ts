import { describe, expect, it } from "vitest";
import { accountOf, amplification, type Life } from "../../../bench/retention/life.ts";
import { DAY_MS, DEFAULT_POLICY, type Policy } from "../../../src/model/policy/policy.ts";

const THREE_YEARS = 3 * 365;
const LIFE: Life = { items: 2_000, dailyShare: 0.01, hotShare: 0, grows: false, days: THREE_YEARS };
/** The goal: bytes that rollups write for each byte that runs have stored. */
const GOAL = 3;

const policies: readonly (readonly [string, Policy])[] = [
  ["eager", DEFAULT_POLICY],
  ["lazy", { ...DEFAULT_POLICY, rollupMode: "lazy" }],
  [
    "one yearly, older ones folded into the baseline",
    { ...DEFAULT_POLICY, keep: { ...DEFAULT_POLICY.keep, yearly: 1 } },
  ],
];
const lives: readonly (readonly [string, Life])[] = [
  ["one item in a hundred changes a day", LIFE],
  ["nine of ten changes are of few items", { ...LIFE, hotShare: 0.9 }],
  ["every change is a new item", { ...LIFE, grows: true }],
];

describe.each(policies)("over three years of daily runs, %s, rollups", (_, policy) => {
  it.each(lives)("write no delta's byte more than three times where %s", (__, life) => {
    const account = accountOf(life, policy);
    expect(account.deltaBytes).toBeGreaterThan(5 * account.baselineBytes);
    expect(amplification(account).ofDeltas).toBeLessThan(GOAL);
    expect(account.mostGroups).toBeLessThanOrEqual(32);
  });
});

it("runs every few minutes cost one more writing for the day, not one for each run", () => {
  const often = { ...DEFAULT_POLICY, every: DAY_MS / 288 };
  const account = accountOf({ ...LIFE, dailyShare: 0.3, grows: true, days: 40 }, often);
  expect(amplification(account).ofDeltas).toBeLessThan(GOAL + 1);
  expect(account.mostGroups).toBeLessThanOrEqual(32);
});
