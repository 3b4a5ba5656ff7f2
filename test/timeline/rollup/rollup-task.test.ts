import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import { generationIn, segmentsOf, TASKS } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { hashText } from "../../../src/timeline/lost.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { fixedKeyring, gather, noise, TASK } from "../../repository/segment/rig.ts";
import { dayText, DELETED, interposed, keeping, RollupRig, START, type Items } from "./rig.ts";

/** Two days, then weeks: the first week of 2026 ends on Sunday, January 4. */
const POLICY = keeping({ daily: 2 });
const day = (number: number): number => START + (number - 1) * DAY_MS;

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

/** Daily runs up to a day of January; each changes `x` and an item of its own. */
async function runsUntil(last: number): Promise<void> {
  const first = rig.truth.size === 0 ? 1 : new Date(rig.now).getUTCDate() + 1;
  for (let number = first; number <= last; number++)
    await rig.run([{ x: `x on ${number}`, [`day ${number}`]: "made" }]);
}

async function entryAt(instant: number): Promise<TimelineEntry> {
  const found = (await rig.manifest()).entries.find(({ to }) => to === instant);
  if (found === undefined) throw new Error(`${dayText(instant)} is not kept`);
  return found;
}

async function retired(): Promise<string[]> {
  const list = (await rig.manifest()).retired;
  return list.map(({ entry }) => `${entry.level} ${dayText(entry.to)}`);
}

const segmentsIn = (entry: TimelineEntry): string[] => entry.groups.flat().map(({ id }) => id);

/** A storage whose first commit of a manifest is preceded by something. */
function beforeCommit(act: () => Promise<void>): Storage {
  let done = false;
  return interposed(rig.repository.storage, async (call, path) => {
    if (done || call !== "create" || generationIn(path) === undefined) return;
    done = true;
    await act();
  });
}

describe("a delta whose bucket can still receive", () => {
  it("gathers the segments of its inputs, oldest first, and nothing is written anew", async () => {
    await runsUntil(5);
    const inputs = [await entryAt(day(2)), await entryAt(day(3))];
    const outcome = await rig.rollUp(POLICY);
    expect(await rig.outline()).toEqual([
      "baseline 2026-01-01",
      "weekly 2026-01-03",
      "daily 2026-01-04",
      "daily 2026-01-05",
    ]);
    expect(outcome.rolledUp).toMatchObject([
      {
        level: "weekly",
        from: day(1),
        to: day(3),
        how: "gathered",
        inputs: [day(2), day(3)],
        writtenBytes: 0,
      },
    ]);
    expect(outcome.drops).toMatchObject([{ instant: day(2), level: "weekly", rule: "keep" }]);
    const weekly = await entryAt(day(3));
    expect(weekly.groups).toEqual(inputs.flatMap(({ groups }) => groups));
    expect(weekly).toMatchObject({ runs: 2, counts: { live: 4, bodyBytes: 2 * "x on 0made".length } });
  });

  it("retires only the inputs whose instant disappears", async () => {
    await runsUntil(5);
    const { generation } = await rig.manifest();
    await rig.rollUp(POLICY);
    const [only, ...others] = (await rig.manifest()).retired;
    expect(others).toEqual([]);
    const { id } = await entryAt(day(3));
    expect(only).toMatchObject({
      retiredAt: rig.now,
      into: id,
      generation: generation + 1,
      entry: { to: day(2) },
    });
  });
});

describe("a delta whose bucket is over", () => {
  it("is merged into one group with one version of each item, and all its inputs retire", async () => {
    await runsUntil(5);
    await rig.rollUp(POLICY);
    await runsUntil(8);
    const outcome = await rig.rollUp(POLICY);
    expect(outcome.rolledUp.map(({ level, to, how }) => [level, dayText(to), how])).toEqual([
      ["weekly", "2026-01-04", "merged"],
      ["weekly", "2026-01-06", "gathered"],
    ]);
    const weekly = await entryAt(day(4));
    expect(weekly.groups).toHaveLength(1);
    expect(weekly).toMatchObject({ runs: 3, change: null, counts: { live: 4, deleted: 0 } });
    expect(await retired()).toEqual([
      "daily 2026-01-02",
      "weekly 2026-01-03",
      "daily 2026-01-04",
      "daily 2026-01-05",
    ]);
    expect(await rig.stateAt(day(4))).toEqual(rig.truth.get(day(4)));
  });

  it("is merged when a new incarnation has begun, whatever level it has", async () => {
    await runsUntil(5);
    await rig.rollUp(POLICY);
    await rig.run([{ fresh: "1" }], { baseline: true });
    await rig.run([]);
    const { rolledUp } = await rig.rollUp(POLICY);
    expect(rolledUp.map(({ to, how }) => [dayText(to), how])).toEqual([["2026-01-04", "merged"]]);
  });

  it("keeps every version's own observation and state", async () => {
    await runsUntil(8);
    const before = await (await rig.timeline()).at(day(4)).get(keyOf("day 3"));
    await rig.rollUp(POLICY);
    const after = await (await rig.timeline()).at(day(4)).get(keyOf("day 3"));
    expect(after?.observation).toEqual({ run: "3".padStart(32, "0"), at: day(3), sequence: "3-seq" });
    expect(after).toEqual(before);
  });

  it("is not merged again once it is one group", async () => {
    await runsUntil(8);
    await rig.rollUp(POLICY);
    const segments = segmentsIn(await entryAt(day(4)));
    await runsUntil(20);
    await rig.rollUp(POLICY);
    expect(segmentsIn(await entryAt(day(4)))).toEqual(segments);
  });
});

describe("a rollup", () => {
  it("commits one entry at a time, so that one that is cut off has lost little", async () => {
    await runsUntil(22);
    const { generation } = await rig.manifest();
    const { rolledUp, generation: first } = await rig.rollUp(POLICY);
    expect(rolledUp).toHaveLength(4);
    expect(first).toBe(generation + 1);
    expect((await rig.manifest()).generation).toBe(generation + 4);
  });

  it("says in a dry run what it would do, and writes nothing", async () => {
    await runsUntil(8);
    const paths = async (): Promise<string[]> =>
      (await gather(rig.repository.storage.list(TASKS))).map(({ path }) => path);
    const before = await paths();
    const foretold = await rig.rollUp(POLICY, { dryRun: true });
    expect(await paths()).toEqual(before);
    expect(foretold.generation).toBeNull();
    const done = await rig.rollUp(POLICY);
    expect(done.rolledUp.map(({ id, how }) => [id, how])).toEqual(
      foretold.rolledUp.map(({ id, how }) => [id, how]),
    );
    expect(done.drops).toEqual(foretold.drops);
  });

  it("does nothing while the timeline is frozen, and says so only when something was due", async () => {
    await runsUntil(3);
    await rig.amend((manifest) => ({ ...manifest, freeze: { since: rig.now, run: "1", lastGood: null } }));
    expect(await rig.rollUp(POLICY)).toMatchObject({ refused: null, rolledUp: [] });
    await runsUntil(5);
    const before = await rig.outline();
    expect(await rig.rollUp(POLICY)).toMatchObject({ refused: "frozen", rolledUp: [], drops: [] });
    expect(await rig.outline()).toEqual(before);
  });

  it("needs the read right", async () => {
    const writer = { ...rig.repository, keyring: fixedKeyring("write") };
    Object.assign(rig, { repository: writer });
    await expect(rig.rollUp(POLICY)).rejects.toMatchObject({ code: "no-read-right" });
  });

  it("of a task without a timeline is nothing", async () => {
    expect(await rig.rollUp(POLICY)).toEqual({ generation: null, rolledUp: [], drops: [], refused: null });
  });

  it("stops when it is told to, and leaves nothing behind", async () => {
    await runsUntil(8);
    const stop = new AbortController();
    const storage = interposed(rig.repository.storage, (call, path) => {
      if (call === "create" && path.startsWith(segmentsOf(TASK))) stop.abort(new Error("stopped"));
    });
    await expect(rig.rollUp(POLICY, { signal: stop.signal }, storage)).rejects.toThrow("stopped");
    expect(await rig.strays()).toEqual([]);
    expect((await gather(rig.repository.storage.list(`tasks/${TASK}/leases/`))).length).toBe(0);
  });
});

describe("a rollup that is not alone", () => {
  it("ends like one, with nothing left behind, when another does the same at the same time", async () => {
    await runsUntil(22);
    const alone = await rig.rollUp(POLICY, { dryRun: true });
    const both = await Promise.all([rig.rollUp(POLICY), rig.rollUp(POLICY)]);
    const ids = (await rig.manifest()).entries.map(({ id }) => id);
    for (const { id } of alone.rolledUp) expect(ids).toContain(id);
    expect(both.flatMap(({ rolledUp }) => rolledUp.map(({ id }) => id)).sort()).toEqual(
      alone.rolledUp.map(({ id }) => id).sort(),
    );
    for (const { to } of (await rig.manifest()).entries)
      expect(await rig.stateAt(to)).toEqual(rig.truth.get(to));
    expect(await rig.strays()).toEqual([]);
  });

  it("uses what it has written on top of a run that committed meanwhile", async () => {
    await runsUntil(8);
    let written = 0;
    const storage = beforeCommit(async () => {
      await runsUntil(9);
    });
    const counting = interposed(storage, (call, path) => {
      if (call === "create" && path.startsWith(segmentsOf(TASK))) written += 1;
    });
    await rig.rollUp(POLICY, {}, counting);
    expect(written).toBe(1);
    expect(await rig.outline()).toEqual([
      "baseline 2026-01-01",
      "weekly 2026-01-04",
      "weekly 2026-01-06",
      "daily 2026-01-07",
      "daily 2026-01-08",
      "daily 2026-01-09",
    ]);
    expect(await rig.rollUp(POLICY)).toMatchObject({ rolledUp: [{ to: day(7) }] });
  });

  it("begins again when something was held meanwhile, and keeps what is held", async () => {
    await runsUntil(8);
    const storage = beforeCommit(async () => {
      await rig.hold({ kind: "item", key: keyOf("x") });
    });
    await rig.rollUp(POLICY, {}, storage);
    expect((await entryAt(day(4))).held.map(({ to }) => to)).toEqual([day(2), day(3)]);
    expect((await rig.stateAt(day(2))).get("x")).toBe("x on 2");
    expect(await rig.strays()).toEqual([]);
  });

  it("stops before its commit when the timeline was frozen meanwhile", async () => {
    await runsUntil(8);
    const before = await rig.outline();
    const storage = beforeCommit(async () => {
      await rig.amend((manifest) => ({ ...manifest, freeze: { since: rig.now, run: "1", lastGood: null } }));
    });
    expect(await rig.rollUp(POLICY, {}, storage)).toMatchObject({ refused: "frozen", rolledUp: [] });
    expect(await rig.outline()).toEqual(before);
    expect(await rig.strays()).toEqual([]);
  });

  it("writes again what a cleanup took for left behind before it was committed", async () => {
    await runsUntil(8);
    const storage = beforeCommit(async () => {
      for (const path of await rig.strays()) await rig.repository.storage.remove(path);
      await runsUntil(9);
    });
    const { rolledUp } = await rig.rollUp(POLICY, {}, storage);
    expect(rolledUp.map(({ to }) => dayText(to))).toEqual(["2026-01-04", "2026-01-07"]);
    expect(await rig.stateAt(day(4))).toEqual(rig.truth.get(day(4)));
  });
});

describe("a rollup that was cut off between writing and committing", () => {
  it("is finished by repeating it, into entries of the same names", async () => {
    await runsUntil(8);
    const { rolledUp } = await rig.rollUp(POLICY, { dryRun: true });
    const killed = beforeCommit(async () => {
      throw new Error("killed");
    });
    await expect(rig.rollUp(POLICY, {}, killed)).rejects.toThrow("killed");
    expect(await rig.strays()).toHaveLength(1);
    const again = await rig.rollUp(POLICY);
    expect(again.rolledUp.map(({ id }) => id)).toEqual(rolledUp.map(({ id }) => id));
    for (const { to } of (await rig.manifest()).entries)
      expect(await rig.stateAt(to)).toEqual(rig.truth.get(to));
  });
});

describe("a held item", () => {
  it("keeps its versions at every instant that is given up, and only its own", async () => {
    await runsUntil(5);
    await rig.hold({ kind: "prefix", key: keyOf("x") });
    await rig.rollUp(POLICY);
    await runsUntil(8);
    await rig.rollUp(POLICY);
    expect((await entryAt(day(4))).held.map(({ to }) => to)).toEqual([day(2), day(3)]);
    const timeline = await rig.timeline();
    expect((await timeline.at(day(2)).get(keyOf("x")))?.revision).toBe("x on 2");
    expect(await timeline.heldInstantsOf(keyOf("day 2"))).toEqual([]);
  });

  it("is given up by the next merge of its entry after its release, and retires with it", async () => {
    await runsUntil(5);
    const hold = await rig.hold({ kind: "item", key: keyOf("x") });
    await rig.rollUp(POLICY);
    await runsUntil(12);
    await rig.rollUp(POLICY);
    const week = await entryAt(day(4));
    expect(week.held).toHaveLength(2);
    await rig.release(hold);
    const { rolledUp } = await rig.rollUp(keeping({ daily: 2, weekly: 1 }));
    expect(rolledUp).toMatchObject([{ level: "monthly", how: "gathered", inputs: [day(4)] }]);
    expect((await entryAt(day(4))).held).toEqual([]);
    expect((await rig.manifest()).retired.map(({ entry }) => entry)).toContainEqual(week);
    expect(await rig.strays()).toEqual([]);
  });
});

describe("an entry of many groups", () => {
  const many = (count: number): Items[] =>
    Array.from({ length: count }, (_, index): Items => ({ [`item ${index}`]: "1", all: String(index) }));

  it("is merged though nothing rolls up, stays that run's, and does not disturb a run that builds on it", async () => {
    const made = await rig.run(many(33));
    const { rolledUp, drops } = await rig.rollUp(POLICY);
    expect(rolledUp).toMatchObject([{ level: "baseline", how: "merged", inputs: [START] }]);
    expect(drops).toEqual([]);
    const baseline = await entryAt(START);
    expect(baseline).toMatchObject({ id: made.id, runs: 1, counts: { live: 34 } });
    expect(baseline.groups).toHaveLength(1);
    expect(await rig.stateAt(START)).toEqual(rig.truth.get(START));
  });

  it("is left alone below that, unless it is asked for", async () => {
    await rig.run(many(3));
    expect((await rig.rollUp(POLICY)).rolledUp).toEqual([]);
    const { rolledUp } = await rig.rollUp(POLICY, { compact: true });
    expect(rolledUp).toMatchObject([{ how: "merged" }]);
    expect((await entryAt(START)).groups).toHaveLength(1);
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
  const YEARS = keeping({ yearly: 1 }, { dropTombstones: true });
  const year = async (items: Items): Promise<void> => {
    await rig.run([items], { level: "yearly", after: 365 * DAY_MS });
  };
  const large = (count: number, seed: number): Items =>
    Object.fromEntries(
      Array.from({ length: count }, (_, index) => [
        `large ${seed} ${index}`,
        noise(1_000, seed * 100 + index).toString("hex"),
      ]),
    );

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

describe("marks of lost versions", () => {
  const markOf = (name: string): TimelineEntry["lost"][number] => ({
    at: START,
    keyHashes: [hashText(taskFingerprints(rig.repository.keyring, TASK).keyHash(keyOf(name)))],
    reason: "the disk",
  });
  const markAt = async (instant: number, mark: TimelineEntry["lost"][number]): Promise<void> => {
    await rig.amend((manifest) => ({
      ...manifest,
      entries: manifest.entries.map((entry) => (entry.to === instant ? { ...entry, lost: [mark] } : entry)),
    }));
  };

  it("go where a newer input has the item, and stay where none has", async () => {
    await runsUntil(8);
    await markAt(day(3), markOf("x"));
    await markAt(day(4), markOf("day 2"));
    await rig.rollUp(POLICY);
    expect((await entryAt(day(4))).lost).toEqual([markOf("day 2")]);
    expect((await rig.stateAt(day(4))).get("x")).toBe("x on 4");
  });

  it("stay with a held item's instant: no older version answers in its place", async () => {
    await runsUntil(8);
    await rig.hold({ kind: "item", key: keyOf("x") });
    await markAt(day(3), markOf("x"));
    await rig.rollUp(POLICY);
    await rig.rollUp(keeping({ daily: 1, weekly: 1 }));
    const timeline = await rig.timeline();
    await expect(timeline.at(day(3)).get(keyOf("x"))).rejects.toMatchObject({ code: "version-lost" });
    expect((await timeline.at(day(2)).get(keyOf("x")))?.revision).toBe("x on 2");
  });

  it("that name no item keep their instant out of every merge, because they would hide newer versions", async () => {
    await runsUntil(8);
    const [segment] = (await entryAt(day(3))).groups.flat();
    if (segment === undefined) throw new Error("the run has no segment");
    const { id, wrapped, bounds } = segment;
    await markAt(day(3), {
      at: START,
      keyHashes: [],
      reason: "the disk",
      unknown: { id, wrapped, bounds, versions: 2 },
    });
    await rig.rollUp(POLICY, { compact: true });
    expect((await rig.timeline()).instants).toContain(day(3));
    expect((await rig.stateAt(day(4))).get("x")).toBe("x on 4");
  });
});
