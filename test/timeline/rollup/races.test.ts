/**
 * Rollups that run into each other, into runs and holds, and into crashes, at every turn that storage calls can take.
 */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { generationIn } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { SegmentGroup } from "../../../src/timeline/group.ts";
import { collect, TASK } from "../../repository/segment/rig.ts";
import { DELETED, interposed, keeping, NEVER, PURGED, RollupRig, START } from "./rig.ts";

const TURNS = 12;
const POLICY = keeping({ daily: 2 });
const day = (number: number): number => START + (number - 1) * DAY_MS;

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

async function runsUntil(last: number): Promise<void> {
  for (let number = 1; number <= last; number++) {
    const gone = number % 3 === 0 ? DELETED : number % 5 === 0 ? PURGED : "alive";
    await rig.run([{ x: `x on ${number}`, [`day ${number}`]: "made", y: gone }]);
  }
}

/** A storage that lets others go first before each of its calls, at random. */
function yielding(storage: Storage, seed: number): Storage {
  let state = seed | 1;
  return interposed(storage, async () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    for (let left = (state >>> 8) % 8; left > 0; left--) await new Promise(setImmediate);
  });
}

async function expectSound(runs: number): Promise<void> {
  const { entries, retired } = await rig.manifest();
  for (const { to } of entries) expect(await rig.stateAt(to)).toEqual(rig.truth.get(to));
  expect(entries.reduce((sum, entry) => sum + entry.runs, 0)).toBe(runs);
  let reached: number | null = null;
  for (const { from, to } of entries) {
    expect(from).toBe(reached);
    reached = to;
  }
  const names = retired.map(({ entry }) => `${entry.id} ${entry.level}`);
  expect(new Set(names).size).toBe(names.length);
  expect(await rig.strays()).toEqual([]);
  expect((await rig.rollUp(POLICY)).rolledUp).toEqual([]);
}

const seeds = fc.tuple(fc.integer(), fc.integer(), fc.integer());

describe("rollups of one task at once", () => {
  it("leave the timeline that one alone would have made, whoever goes first", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async ([a, b, c]) => {
        rig = new RollupRig();
        await runsUntil(16);
        const { rolledUp } = await rig.rollUp(POLICY, { dryRun: true });
        const { storage } = rig.repository;
        await Promise.all([a, b, c].map((seed) => rig.rollUp(POLICY, {}, yielding(storage, seed))));
        const ids = (await rig.manifest()).entries.map(({ id }) => id);
        expect(ids).toEqual(expect.arrayContaining(rolledUp.map(({ id }) => id)));
        await expectSound(16);
      }),
      { numRuns: TURNS },
    );
  });

  it("keep what is held from the commit of the hold on, and the run that comes in between", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async ([a, b, c]) => {
        rig = new RollupRig();
        await runsUntil(16);
        const { storage } = rig.repository;
        const quiet = rig.repository.storage;
        Object.assign(rig.repository, { storage: yielding(quiet, c) });
        const others = [a, b].map((seed) => rig.rollUp(POLICY, {}, yielding(storage, seed)));
        // What a rollup gave up before the hold's commit is gone: only that generation's points are promised.
        const hold = await rig.hold({ kind: "item", key: keyOf("x") });
        await rig.run([{ x: "late", z: "1" }]);
        await Promise.all(others);
        Object.assign(rig.repository, { storage: quiet });
        await rig.rollUp(POLICY);
        const { entries, retired, holds } = await rig.manifest();
        expect(holds).toEqual([hold]);
        const since = retired.filter(({ entry }) => !entries.some(({ to }) => to === entry.to));
        for (const { entry, into } of since) {
          const kept = entries.find(({ id }) => id === into);
          if (kept?.held.some(({ to }) => to === entry.to) !== true) continue;
          expect((await rig.stateAt(entry.to)).get("x")).toBe(rig.truth.get(entry.to)?.get("x"));
        }
        await expectSound(17);
      }),
      { numRuns: TURNS },
    );
  });
});

describe("a rollup whose commit", () => {
  const atCommit = (then: (create: () => Promise<unknown>) => Promise<never>): Storage => {
    const { storage } = rig.repository;
    let done = false;
    return {
      ...interposed(storage, () => {}),
      create: async (path, content, signal) => {
        const create = (): ReturnType<Storage["create"]> => storage.create(path, content, signal);
        if (done || generationIn(path) === undefined) return await create();
        done = true;
        return await then(create);
      },
    };
  };

  it("never reaches the storage leaves the timeline as it was, and is repeated", async () => {
    await runsUntil(8);
    const before = await rig.manifest();
    const dead = atCommit(async () => {
      throw new Error("no connection");
    });
    await expect(rig.rollUp(POLICY, {}, dead)).rejects.toThrow("no connection");
    expect(await rig.manifest()).toEqual(before);
    const left = await rig.strays();
    await rig.rollUp(POLICY);
    for (const path of left) await rig.repository.storage.remove(path);
    await expectSound(8);
  });

  it("is stored though its answer is lost takes none of its files back", async () => {
    await runsUntil(8);
    const deaf = atCommit(async (create) => {
      await create();
      throw new Error("no answer");
    });
    await rig.rollUp(POLICY, {}, deaf).catch(() => undefined);
    await rig.rollUp(POLICY);
    await expectSound(8);
  });
});

describe("what a rollup leaves in the manifest", () => {
  it("names for every retired entry what replaced it and the generation that did", async () => {
    await runsUntil(8);
    const { generation, entries } = await rig.manifest();
    const { rolledUp } = await rig.rollUp(POLICY);
    const [week, next] = rolledUp.map(({ id }) => id);
    const { retired } = await rig.manifest();
    const inputOf = (at: number): unknown => entries.find(({ to }) => to === at);
    expect(retired).toEqual([
      { entry: inputOf(day(2)), retiredAt: rig.now, into: week, generation: generation + 1 },
      { entry: inputOf(day(3)), retiredAt: rig.now, into: week, generation: generation + 1 },
      { entry: inputOf(day(4)), retiredAt: rig.now, into: week, generation: generation + 1 },
      { entry: inputOf(day(5)), retiredAt: rig.now, into: next, generation: generation + 2 },
    ]);
  });

  it("counts what lies in each entry's groups, merged or gathered", async () => {
    await runsUntil(16);
    await rig.rollUp(POLICY);
    const { entries } = await rig.manifest();
    expect(entries.map(({ groups }) => groups.length)).toEqual([1, 1, 1, 2, 1, 1]);
    for (const { groups, counts } of entries) {
      const found = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 };
      for (const group of groups) {
        const reader = new SegmentGroup(rig.repository, TASK, group);
        for (const { kind, parts } of await collect(reader.scan({}, 1 << 20, NEVER))) {
          found[kind] += 1;
          for (const part of parts) found.bodyBytes += part.length;
        }
        for (const { bytes } of group) found.storedBytes += bytes;
      }
      expect(counts).toEqual(found);
    }
  });
});
