/**
 * The plan of retention alone, over many more random histories than can be lived: what it leaves is in order and within
 * its numbers, it gives up nothing that is pinned, and a second plan has nothing left to do.
 */
import { describe, expect, it } from "vitest";
import type { Level } from "../../src/model/level.ts";
import { DAY_MS, DEFAULT_POLICY, levelOfRuns, type Policy } from "../../src/model/policy/policy.ts";
import { planRetention, type Planned, type Span } from "../../src/timeline/retention/plan.ts";
import { beyondNumbers, brokenChain, finerWithAge } from "./laws.ts";
import { editedPolicy, randomPolicy } from "./policies.ts";
import { Random } from "./random.ts";

const HISTORIES = 1_500;
const STEPS = 60;
const HOUR_MS = 3_600_000;

interface Entry extends Span {
  readonly level: Level;
}

/** Nothing but what the laws look at. */
function outlineOf(entries: readonly Entry[]): Parameters<typeof brokenChain>[0] {
  return { entries } as unknown as Parameters<typeof brokenChain>[0];
}

function entryOf({ inputs, epoch, level, from, to }: Planned<Entry>): Entry {
  return { epoch, level, from, to, beforeRestore: inputs.length === 1 && inputs[0]?.beforeRestore === true };
}

/** What is broken after one random history of plans. */
function live(seed: number): string[] {
  const random = new Random(seed);
  let settings = randomPolicy(random);
  let entries: Entry[] = [];
  let now = Date.UTC(2026, 0, 1, 2);
  const held = new Set<number>();
  const pins = (instant: number): boolean => held.has(instant);
  const stride = random.pick([1, 1, 3, 12, 30]);
  for (let step = 0; step < STEPS; step++) {
    const policy = { ...DEFAULT_POLICY, ...settings } as Policy;
    const intraday = levelOfRuns(policy) === "intraday";
    now += intraday ? random.between(1, 8) * HOUR_MS : random.between(1, stride) * DAY_MS;
    const last = entries.at(-1);
    const anew = last === undefined || random.chance(0.02);
    entries.push({
      epoch: (last?.epoch ?? 0) + (anew ? 1 : 0),
      level: anew ? "baseline" : levelOfRuns(policy),
      from: anew ? null : last.to,
      to: now,
      beforeRestore: random.chance(0.03),
    });
    if (random.chance(0.1)) held.add(random.pick(entries).to);
    if (random.chance(0.05)) held.delete(random.pick([...held]));
    if (random.chance(0.1)) settings = editedPolicy(settings, random);
    if (!random.chance(0.7)) continue;
    const before = entries;
    const plan = planRetention(before, policy, pins);
    entries = plan.entries.map(entryOf);
    const broken = [
      ...brokenChain(outlineOf(entries)),
      ...finerWithAge(outlineOf(entries), pins),
      ...beyondNumbers(outlineOf(entries), policy, pins),
    ];
    const kept = new Set(entries.map(({ to }) => to));
    const gone = before.filter(({ to }) => !kept.has(to)).map(({ to }) => to);
    for (const to of gone) if (pins(to)) broken.push(`${to} is held and given up`);
    const told = plan.drops.map(({ instant }) => instant).sort((a, b) => a - b);
    if (told.join() !== gone.join()) broken.push(`gone are ${gone.join()}, told were ${told.join()}`);
    const again = planRetention(entries, policy, pins);
    if (again.drops.length > 0 || again.entries.some(({ level }, index) => level !== entries[index]?.level)) {
      broken.push("a second plan has something left to do");
    }
    if (broken.length > 0) return [`seed ${seed}, step ${step}`, ...broken, JSON.stringify(settings)];
  }
  return [];
}

describe("the plan of retention", () => {
  it(`keeps order and numbers in ${HISTORIES} random histories`, () => {
    const failures = Array.from({ length: HISTORIES }, (_, seed) => live(seed)).filter(
      ({ length }) => length > 0,
    );
    expect(failures.slice(0, 5)).toEqual([]);
  });
});
