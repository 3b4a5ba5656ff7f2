/**
 * Rollup, cleanup, holds, trash, erasure and repair with one failure at every storage call they make: whatever fails, every kept instant
 * reads on, and the same act without a failure finishes as if nothing had happened.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { isHoldfastError } from "../../src/model/errors.ts";
import { check } from "../../src/operations/check.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import { readNewestManifest } from "../../src/repository/task-store.ts";
import type { Repository } from "../../src/repository/repository.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { ACTS, actOn, ERASED, prepareFor, setScene, type Act, type Scene } from "../simulation/scene.ts";
import { simulatedRepository } from "../simulation/sim-house.ts";
import {
  emptyList,
  failCall,
  faultyStorage,
  loseAnswer,
  staleList,
  sweepCalls,
  truncatedList,
  type CallRecord,
  type Fault,
} from "./storage-faults.ts";

/** Every call is struck in a long run; every so many in CI, so that an act has about this many strikes. */
const STRIKES = process.env["HOLDFAST_SWEEP_ALL"] === undefined ? 4 : Infinity;

type FaultAt = (nth: number) => Fault;

const FAULTS: readonly (readonly [string, FaultAt])[] = [
  ["fails", (nth) => failCall({ nth })],
  ["is done but its answer is lost", (nth) => loseAnswer({ nth })],
  ["finds the disk full, as do all after it", (nth) => failCall({ nth, times: 1_000_000 }, "storage-full")],
];

const LIES: readonly (readonly [string, FaultAt])[] = [
  ["is empty", (nth) => emptyList({ nth })],
  ["ends after its first object", (nth) => truncatedList({ nth }, 1)],
  ["ends after half a dozen", (nth) => truncatedList({ nth }, 6)],
  ["is stale", (nth) => staleList({ nth })],
];

let scene: Scene;

beforeAll(async () => {
  scene = await setScene(simulatedRepository(1));
});

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { path } of storage.list("")) await copy.create(path, await storage.read(path));
  return copy;
}

/** What the act leaves when nothing fails: levels and instants. */
async function outline(repository: Repository): Promise<string[]> {
  const stored = await readNewestManifest(repository, scene.house.task);
  return (stored?.manifest.entries ?? []).map(({ level, to }) => `${level} ${new Date(to).toISOString()}`);
}

async function generation(repository: Repository): Promise<number> {
  return (await readNewestManifest(repository, scene.house.task))?.manifest.generation ?? 0;
}

/** What is broken; an item that is being erased may be there or not, and must not be there when that is done. */
async function broken(repository: Repository, act: Act, isDone: boolean): Promise<string[]> {
  const witness = await scene.witness.onCopy(repository);
  if (act === "erasure") witness.erasing = ERASED;
  await witness.lookAgain();
  const isLeft = act === "erasure" && isDone && (await witness.holds(ERASED));
  return [...witness.violations, ...(isLeft ? [`${ERASED} was erased and is in a file`] : [])];
}

async function proveChecked(repository: Repository, when: string): Promise<void> {
  await using workspace = new Workspace(repository, [], scene.house.clock());
  const { findings } = await check(workspace, { task: scene.house.task, readData: true });
  const serious = findings.filter(({ severity }) => severity !== "note");
  expect(serious, when).toEqual([]);
}

/** Strikes the act at its calls, or at those of one kind; how many strikes that were. */
async function sweep(act: Act, faultAt: FaultAt, kind?: CallRecord["call"]): Promise<number> {
  const { plain } = scene.house;
  const on = (storage: Storage): Repository => ({ ...plain, storage });
  const run = async (repository: Repository): Promise<unknown> =>
    await actOn(repository, act, scene.house.time);
  const origin = await copyOf(plain.storage);
  await prepareFor(act, on(origin), scene.house.time);
  const damage = new Set(await broken(on(origin), act, false));
  const makeStorage = async (): Promise<Storage> => await copyOf(origin);
  const counted = faultyStorage(await makeStorage());
  await run(on(counted));
  const expected = await outline(on(counted.inner));
  expect(await generation(on(counted.inner))).toBeGreaterThan(await generation(on(origin)));
  const strikable = counted.calls.filter(({ call }) => kind === undefined || call === kind);
  const stride = Math.ceil(strikable.length / STRIKES);
  let asked = 0;
  return await sweepCalls({
    makeStorage,
    fault: faultAt,
    only: ({ call }) => (kind === undefined || call === kind) && asked++ % stride === 0,
    run: async (storage) => {
      await run(on(storage));
    },
    check: async (storage, { fault, struck, error }) => {
      const when = `${fault.name} (${struck?.call} ${struck?.path}): ${String(error)}`;
      const repository = on(storage);
      expect(error === undefined || isHoldfastError(error), when).toBe(true);
      const worse = (await broken(repository, act, false)).filter((line) => !damage.has(line));
      expect(worse, when).toEqual([]);
      await run(repository);
      expect(await broken(repository, act, true), `repeated after ${when}`).toEqual([]);
      expect(await outline(repository), when).toEqual(expected);
      await proveChecked(repository, when);
    },
  });
}

describe.each(ACTS)("a %s of which one storage call", (act) => {
  it.each(FAULTS)("%s, is finished by repeating it", async (_, faultAt) => {
    expect(await sweep(act, faultAt)).toBeGreaterThan(1);
  });

  it.each(LIES)("is a listing that %s, is finished by repeating it", async (_, faultAt) => {
    expect(await sweep(act, faultAt, "list")).toBeGreaterThan(0);
  });
});
