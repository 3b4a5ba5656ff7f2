/**
 * Rollups that run into each other, into runs and holds, and into crashes, at every turn that storage calls can take.
 */
import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { newHold } from "../../../src/repository/holds.ts";
import { generationIn } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { SegmentGroup } from "../../../src/timeline/group.ts";
import { collect, TASK } from "../../repository/segment/rig.ts";
import { DELETED, interposed, keeping, NEVER, PURGED, RollupRig, START } from "./rig.ts";

const TURNS = 5;
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
        const hold = newHold(
          rig.repository.keyring,
          TASK,
          { kind: "item", key: keyOf("x") },
          "because",
          rig.now,
        );
        // What a rollup gave up before the hold's commit is gone: the instants of that commit are what it promises.
        let promised: readonly number[] = [];
        await rig.amend((manifest) => {
          promised = manifest.entries.map(({ to }) => to);
          return { ...manifest, holds: [...manifest.holds, hold] };
        });
        await rig.run([{ x: "late", z: "1" }]);
        await Promise.all(others);
        Object.assign(rig.repository, { storage: quiet });
        await rig.rollUp(POLICY);
        for (const instant of promised)
          expect((await rig.stateAt(instant)).get("x")).toBe(rig.truth.get(instant)?.get("x"));
        await expectSound(17);
      }),
      { numRuns: TURNS },
    );
  });
});

/** A storage whose first commit of a manifest goes as told. */
function atCommit(then: (create: () => Promise<unknown>) => Promise<never>): Storage {
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
}

describe("a rollup whose commit", () => {
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
  it("has ids that follow from the inputs as the format says", async () => {
    await runsUntil(8);
    const { entries } = await rig.manifest();
    const inputs = entries.filter(({ to }) => to > day(1) && to <= day(4));
    const id = (await rig.rollUp(POLICY)).rolledUp[0]?.id;
    const lines = inputs.map(({ id: input, groups }) => `${input} ${groups[0]?.[0]?.id}`);
    const text = ["rollup", TASK, "merged", "0", "weekly", ...lines].join("\n");
    expect(id).toBe(createHash("sha256").update(text).digest("hex").slice(0, 32));
  });

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
    expect(entries.map(({ groups }) => groups.length)).toEqual([1, 1, 1, 3, 1, 1]);
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
