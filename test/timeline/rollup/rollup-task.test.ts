import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import { generationIn, segmentsOf, TASKS } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { fixedKeyring, gather, TASK } from "../../repository/segment/rig.ts";
import { day, dayText, interposed, keeping, RollupRig } from "./rig.ts";

/** Two days, then weeks: the first week of 2026 ends on Sunday, January 4. */
const POLICY = keeping({ daily: 2 });

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

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
    await rig.runsUntil(5);
    const inputs = [await rig.entryAt(day(2)), await rig.entryAt(day(3))];
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
    const weekly = await rig.entryAt(day(3));
    expect(weekly.groups).toEqual(inputs.flatMap(({ groups }) => groups));
    expect(weekly).toMatchObject({ runs: 2, counts: { live: 4, bodyBytes: 2 * "x on 0made".length } });
  });

  it("retires only the inputs whose instant disappears", async () => {
    await rig.runsUntil(5);
    const { generation } = await rig.manifest();
    await rig.rollUp(POLICY);
    const [only, ...others] = (await rig.manifest()).retired;
    expect(others).toEqual([]);
    const { id } = await rig.entryAt(day(3));
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
    await rig.runsUntil(5);
    await rig.rollUp(POLICY);
    await rig.runsUntil(8);
    const outcome = await rig.rollUp(POLICY);
    expect(outcome.rolledUp.map(({ level, to, how }) => [level, dayText(to), how])).toEqual([
      ["weekly", "2026-01-04", "merged"],
      ["weekly", "2026-01-06", "gathered"],
    ]);
    const weekly = await rig.entryAt(day(4));
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
    await rig.runsUntil(5);
    await rig.rollUp(POLICY);
    await rig.run([{ fresh: "1" }], { baseline: true });
    await rig.run([]);
    const { rolledUp } = await rig.rollUp(POLICY);
    expect(rolledUp.map(({ to, how }) => [dayText(to), how])).toEqual([["2026-01-04", "merged"]]);
  });

  it("keeps every version's own observation and state", async () => {
    await rig.runsUntil(8);
    const before = await (await rig.timeline()).at(day(4)).get(keyOf("day 3"));
    await rig.rollUp(POLICY);
    const after = await (await rig.timeline()).at(day(4)).get(keyOf("day 3"));
    expect(after?.observation).toEqual({ run: "3".padStart(32, "0"), at: day(3), sequence: "3-seq" });
    expect(after).toEqual(before);
  });

  it("is not merged again once it is one group", async () => {
    await rig.runsUntil(8);
    await rig.rollUp(POLICY);
    const segments = segmentsIn(await rig.entryAt(day(4)));
    await rig.runsUntil(20);
    await rig.rollUp(POLICY);
    expect(segmentsIn(await rig.entryAt(day(4)))).toEqual(segments);
  });
});

describe("a rollup", () => {
  it("commits one entry at a time, so that one that is cut off has lost little", async () => {
    await rig.runsUntil(22);
    const { generation } = await rig.manifest();
    const { rolledUp, generation: first } = await rig.rollUp(POLICY);
    expect(rolledUp).toHaveLength(4);
    expect(first).toBe(generation + 1);
    expect((await rig.manifest()).generation).toBe(generation + 4);
  });

  it("says in a dry run what it would do, and writes nothing", async () => {
    await rig.runsUntil(8);
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
    await rig.runsUntil(3);
    await rig.amend((manifest) => ({ ...manifest, freeze: { since: rig.now, run: "1", lastGood: null } }));
    expect(await rig.rollUp(POLICY)).toMatchObject({ refused: null, rolledUp: [] });
    await rig.runsUntil(5);
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
    await rig.runsUntil(8);
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
    await rig.runsUntil(22);
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
    await rig.runsUntil(8);
    let written = 0;
    const storage = beforeCommit(async () => {
      await rig.runsUntil(9);
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
    await rig.runsUntil(8);
    const storage = beforeCommit(async () => {
      await rig.hold({ kind: "item", key: keyOf("x") });
    });
    await rig.rollUp(POLICY, {}, storage);
    expect((await rig.entryAt(day(4))).held.map(({ to }) => to)).toEqual([day(2), day(3)]);
    expect((await rig.stateAt(day(2))).get("x")).toBe("x on 2");
    expect(await rig.strays()).toEqual([]);
  });

  it("begins again when files of its inputs were replaced meanwhile, as an erasure does", async () => {
    await rig.runsUntil(8);
    const storage = beforeCommit(async () => {
      const without = [[await rig.segment({ x: "x on 3" })]];
      await rig.amend((manifest) => ({
        ...manifest,
        entries: manifest.entries.map((entry) =>
          entry.to === day(3) ? { ...entry, groups: without } : entry,
        ),
      }));
    });
    await rig.rollUp(POLICY, {}, storage);
    expect([...(await rig.stateAt(day(4))).keys()]).toEqual(["day 1", "day 2", "day 4", "x"]);
  });

  it("stops before its commit when the timeline was frozen meanwhile", async () => {
    await rig.runsUntil(8);
    const before = await rig.outline();
    const storage = beforeCommit(async () => {
      await rig.amend((manifest) => ({ ...manifest, freeze: { since: rig.now, run: "1", lastGood: null } }));
    });
    expect(await rig.rollUp(POLICY, {}, storage)).toMatchObject({ refused: "frozen", rolledUp: [] });
    expect(await rig.outline()).toEqual(before);
    expect(await rig.strays()).toEqual([]);
  });

  it("writes again what a cleanup took for left behind before it was committed", async () => {
    await rig.runsUntil(8);
    const storage = beforeCommit(async () => {
      for (const path of await rig.strays()) await rig.repository.storage.remove(path);
      await rig.runsUntil(9);
    });
    const { rolledUp } = await rig.rollUp(POLICY, {}, storage);
    expect(rolledUp.map(({ to }) => dayText(to))).toEqual(["2026-01-04", "2026-01-07"]);
    expect(await rig.stateAt(day(4))).toEqual(rig.truth.get(day(4)));
  });
});

describe("a rollup that was cut off between writing and committing", () => {
  it("is finished by repeating it, into entries of the same names", async () => {
    await rig.runsUntil(8);
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
