/**
 * Random timelines, policies and holds: whatever a rollup does, every instant that it keeps reads as its run saw it, and
 * every held item at every instant since it is held.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS, type Policy } from "../../../src/model/policy/policy.ts";
import type { Hold } from "../../../src/repository/manifest.ts";
import { DELETED, isGone, keeping, PURGED, RollupRig, type Items } from "./rig.ts";

/** More in a long run. */
const TIMELINES = Number(process.env["HOLDFAST_TIMELINES"] ?? 25);
const HOUR_MS = DAY_MS / 24;
const NAMES = ["a", "a/1", "a/2", "b", "b/1", "c"];

type Step =
  | { do: "run"; groups: Items[]; hours: number; baseline: boolean; beforeRestore: boolean }
  | { do: "rollup"; policy: Policy; compact: boolean; dropTombstones: boolean }
  | { do: "hold"; kind: "instant" | "item" | "prefix"; pick: number }
  | { do: "release"; pick: number };

const state = fc.oneof(
  { weight: 6, arbitrary: fc.nat(999).map(String) },
  { weight: 2, arbitrary: fc.constant(DELETED) },
  { weight: 1, arbitrary: fc.constant(PURGED) },
);
const items = fc.dictionary(fc.constantFrom(...NAMES), state, { maxKeys: 4, noNullPrototype: true });
const count = fc.constantFrom(null, 1, 2, 3);
const policy = fc
  .record({
    daily: fc.constantFrom(1, 2, 3),
    weekly: count,
    monthly: count,
    yearly: fc.constantFrom(null, 1),
    rollupMode: fc.constantFrom("eager", "lazy"),
    timezone: fc.constantFrom("UTC", "America/New_York"),
  })
  .map(({ rollupMode, timezone, ...keep }) => keeping(keep, { rollupMode, timezone }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("run" as const),
      groups: fc.array(items, { maxLength: 3 }),
      hours: fc.constantFrom(3, 24, 24, 24, 60, 400, 4_000),
      baseline: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
      beforeRestore: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("rollup" as const),
      policy,
      compact: fc.boolean(),
      dropTombstones: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("hold" as const),
      kind: fc.constantFrom("instant" as const, "item" as const, "prefix" as const),
      pick: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), pick: fc.nat() }) },
);

/** What is promised of the items that a hold covers. */
interface Pledge {
  readonly hold: Hold;
  readonly covers: (name: string) => boolean;
  /** Instants at which their states are kept: those there were, and those since. */
  readonly instants: number[];
  /** Tombstones may have been forgotten before. */
  readonly forgotten: boolean;
}

class Life {
  readonly rig = new RollupRig();
  promises: Pledge[] = [];
  pinned: Hold[] = [];
  forgets = false;
  runs = 0;

  async take(next: Step): Promise<void> {
    if (next.do === "run") await this.#run(next);
    else if (next.do === "rollup") await this.#rollUp(next);
    else if (next.do === "hold") await this.#hold(next);
    else await this.#release(next.pick);
  }

  async #run({ groups, hours, baseline, beforeRestore }: Extract<Step, { do: "run" }>): Promise<void> {
    const { to } = await this.rig.run(groups, { after: hours * HOUR_MS, baseline, beforeRestore });
    this.runs += 1;
    for (const { instants } of this.promises) instants.push(to);
  }

  async #hold({ kind, pick }: Extract<Step, { do: "hold" }>): Promise<void> {
    const { instants } = await this.rig.timeline();
    if (kind === "instant") {
      this.pinned.push(await this.rig.hold({ kind, instant: instants[pick % instants.length] as number }));
      return;
    }
    const name = NAMES[pick % NAMES.length] as string;
    const hold = await this.rig.hold({ kind, key: keyOf(name) });
    const covers = (other: string): boolean => (kind === "item" ? other === name : other.startsWith(name));
    this.promises.push({ hold, covers, instants, forgotten: this.forgets });
  }

  async #release(pick: number): Promise<void> {
    const holds = [...this.pinned, ...this.promises.map((promised) => promised.hold)];
    const released = holds[pick % Math.max(1, holds.length)];
    if (released === undefined) return;
    await this.rig.release(released);
    this.pinned = this.pinned.filter((hold) => hold !== released);
    this.promises = this.promises.filter(({ hold }) => hold !== released);
  }

  async #rollUp({ policy: chosen, compact, dropTombstones }: Extract<Step, { do: "rollup" }>): Promise<void> {
    this.forgets ||= dropTombstones;
    const asked = { ...chosen, dropTombstones };
    const foretold = await this.rig.rollUp(asked, { compact, dryRun: true });
    const before = (await this.rig.timeline()).instants;
    const done = await this.rig.rollUp(asked, { compact });
    const bare = ({ rolledUp }: typeof done): unknown =>
      rolledUp.map((row) => ({ ...row, readBytes: 0, writtenBytes: 0 }));
    assert.deepEqual(bare(done), bare(foretold));
    const after = (await this.rig.timeline()).instants;
    const dropped = new Set(done.drops.map(({ instant }) => instant));
    assert.deepEqual(
      before.filter((instant) => !dropped.has(instant)),
      after,
    );
    assert.deepEqual((await this.rig.rollUp(asked, { compact })).rolledUp, []);
    await this.#prove();
  }

  async #prove(): Promise<void> {
    const { rig } = this;
    const { instants, points } = await rig.timeline();
    for (const { instant } of this.pinned) assert(instants.some((kept) => kept === instant));
    for (const instant of instants) {
      assert.deepEqual(
        seen(await rig.stateAt(instant), this.forgets),
        seen(rig.truth.get(instant), this.forgets),
      );
    }
    for (const { covers, instants: promised, forgotten } of this.promises) {
      for (const instant of promised) {
        const epoch = rig.epochs.get(instant);
        const point = points.findLast(({ to, entry }) => to <= instant && entry.epoch === epoch);
        const kept = point === undefined ? new Map<string, string>() : await rig.stateAt(point.to);
        assert.deepEqual(seen(kept, forgotten, covers), seen(rig.truth.get(instant), forgotten, covers));
      }
    }
    await this.#proveEntries();
    assert.deepEqual(await rig.strays(), []);
  }

  async #proveEntries(): Promise<void> {
    const { entries } = await this.rig.manifest();
    let reached: number | null = null;
    for (const { level, from, to } of entries) {
      assert.equal(from, level === "baseline" ? null : reached);
      reached = to;
    }
    assert.equal(
      entries.reduce((sum, { runs }) => sum + runs, 0),
      this.runs,
    );
  }
}

/** `forgetful`: a deleted or purged item may as well be absent. */
function seen(
  states: ReadonlyMap<string, string> | undefined,
  forgetful: boolean,
  covers: (name: string) => boolean = () => true,
): Record<string, string> {
  const shown = [...(states ?? [])].filter(([name, value]) => covers(name) && !(forgetful && isGone(value)));
  return Object.fromEntries(shown);
}

describe("a rollup", () => {
  it(
    "changes the state of no instant that it keeps and of no held item, and does what its dry run said",
    { timeout: 60_000 + TIMELINES * 2_000 },
    async () => {
      const first = fc.record({
        do: fc.constant("run" as const),
        groups: fc.array(items, { minLength: 1, maxLength: 3 }),
        hours: fc.constant(0),
        baseline: fc.constant(false),
        beforeRestore: fc.constant(false),
      });
      const last: Step = {
        do: "rollup",
        policy: keeping({ daily: 1, weekly: 1 }),
        compact: true,
        dropTombstones: false,
      };
      await fc.assert(
        fc.asyncProperty(first, fc.array(step, { minLength: 4, maxLength: 24 }), async (baseline, steps) => {
          const life = new Life();
          for (const next of [baseline, ...steps, last]) await life.take(next);
        }),
        { numRuns: TIMELINES },
      );
    },
  );
});
