/**
 * Reading a repository back in slices whose coverage is remembered.
 */
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { check, type CheckRequest } from "../../../src/operations/check.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import { checksOf, manifestPath, segmentPath } from "../../../src/repository/paths.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { openKeyring } from "../../../src/repository/sealing/slots.ts";
import { addKey } from "../../../src/operations/keys.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import type { TaskName } from "../../../src/model/task.ts";
import { failCall, faultyStorage } from "../../faults/storage-faults.ts";
import { backUp, collect, openHouse, type House } from "../../e2e/house.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

let house: House;
let tasks: TaskName[];

/** Two tasks, each with a baseline and two deltas. */
beforeEach(async () => {
  house = await openHouse();
  tasks = [];
  for (const name of ["a", "b"]) {
    await house.couch.json("PUT", name);
    for (let round = 0; round < 3; round++) {
      await house.couch.json("POST", name, { round, text: "x".repeat(500) });
      const { task } = await backUp(house, name);
      house.clock.advance(MINUTE_MS);
      if (round === 0) tasks.push(task as TaskName);
    }
  }
  house.clock.advance(DAY_MS);
});

afterEach(async () => house[Symbol.asyncDispose]());

/** A check through a storage that tells which files were read from end to end. */
async function checkAndWatch(request: CheckRequest, repository: Repository = house.repository) {
  const storage = faultyStorage(repository.storage);
  const workspace = new Workspace({ ...repository, storage }, house.workspace.sources, house.clock);
  const report = await check(workspace, request);
  const read = storage.calls.filter(({ call }) => call === "stream").map(({ path }) => path);
  return { report, read };
}

const files = async (): Promise<string[]> =>
  (await collect(house.repository.storage.list("tasks/")))
    .map(({ path }) => path)
    .filter((path) => /\/(segments|blobs)\//.test(path));

const records = async (task: TaskName | undefined): Promise<number> =>
  (await collect(house.repository.storage.list(checksOf(task as TaskName)))).length;

async function damage(storage: Storage, path: string): Promise<Buffer> {
  const whole = await storage.read(path);
  const bytes = Buffer.from(whole);
  bytes[200] = (bytes[200] as number) ^ 1;
  await storage.remove(path);
  await storage.create(path, bytes);
  return whole;
}

describe("a check in slices", () => {
  it("reads every file once, over all tasks, before it reads any again, longest ago first", async () => {
    const all = await files();
    const first: string[] = [];
    for (let slice = 0; first.length < all.length; slice++) {
      const { report, read } = await checkAndWatch({ readData: true, slice: { share: 0.01 } });
      expect(read).toHaveLength(1);
      first.push(...read);
      expect(report.coverage?.oldest === null).toBe(first.length < all.length);
      house.clock.advance(MINUTE_MS);
    }
    expect([...first].sort()).toEqual(all);
    const second: string[] = [];
    for (let slice = 0; slice < all.length; slice++) {
      second.push(...(await checkAndWatch({ readData: true, slice: { share: 0.01 } })).read);
      house.clock.advance(MINUTE_MS);
    }
    expect(second).toEqual(first);
  });

  it("ends when its time is up, after one file at least", async () => {
    let bytes = 0;
    const progress = (step: { bytes: number }) => {
      if (step.bytes > bytes) house.clock.advance(MINUTE_MS);
      bytes = step.bytes;
    };
    const count = async (forMs: number) => {
      bytes = 0;
      const before = house.clock.now();
      await check(house.workspace, { readData: true, slice: { forMs } }, { progress });
      return (house.clock.now() - before) / MINUTE_MS;
    };
    expect(await count(3 * MINUTE_MS)).toBe(3);
    expect(await count(1)).toBe(1);
    expect(await count(Infinity)).toBe((await files()).length);
  });

  it("says how much was read back lately, of each task and in total", async () => {
    const [first] = tasks;
    const whole = await check(house.workspace, { readData: true, task: first as string });
    expect(whole.coverage).toMatchObject({ share: 1, oldest: new Date(house.clock.now()).toISOString() });
    const { coverage, taskCoverage } = await check(house.workspace, {});
    const sizes = await Promise.all(
      tasks.map(async (task) =>
        (await collect(house.repository.storage.list(segmentPath(task, "")))).reduce(
          (sum, { size }) => sum + size,
          0,
        ),
      ),
    );
    const [read = 0, unread = 0] = sizes;
    expect(coverage).toMatchObject({ bytes: read + unread, readBytes: read, oldest: null });
    expect(coverage?.share).toBeCloseTo(read / (read + unread), 10);
    expect(new Map(taskCoverage?.map(({ task, share }) => [task, share]))).toEqual(
      new Map([
        [tasks[0], 1],
        [tasks[1], 0],
      ]),
    );
    house.clock.advance(8 * DAY_MS);
    expect((await check(house.workspace, { task: first as string })).coverage?.share).toBe(1);
    const week = await check(house.workspace, { task: first as string, window: 7 * DAY_MS });
    expect(week.coverage).toMatchObject({ share: 0, readBytes: 0 });
  });

  it("remembers in few objects, however many checks there were", async () => {
    const [task] = tasks;
    for (let times = 0; times < 30; times++) {
      await check(house.workspace, { readData: true, slice: { share: 0.01 }, task: task as string });
      house.clock.advance(MINUTE_MS);
    }
    expect(await records(task)).toBeLessThan(10);
    expect((await check(house.workspace, { task: task as string })).coverage?.share).toBe(1);
  });

  it("writes nothing when it is not to remember, or when it read nothing back", async () => {
    await check(house.workspace, {});
    await check(house.workspace, { readData: true, remember: false });
    expect(await records(tasks[0])).toBe(0);
  });

  it("goes on where the repository may not be written, and says so", async () => {
    const storage = faultyStorage(
      house.repository.storage,
      failCall({ call: "create", nth: 0, times: 1_000 }, "storage-permission"),
    );
    const warnings: string[] = [];
    const workspace = new Workspace({ ...house.repository, storage }, [], house.clock);
    const report = await check(workspace, { readData: true }, { warn: (text) => warnings.push(text) });
    expect(report).toMatchObject({ ok: true, coverage: { share: 1 } });
    expect(warnings.join()).toContain("could not be remembered");
  });

  it("proves bytes by their digests with a key that may only write", async () => {
    const passphrase = "the agent's";
    await addKey(house.workspace, { passphrase, right: "write" });
    const { storage } = house.repository;
    const keyring = await openKeyring(storage, { kind: "passphrase", passphrase }, { right: "write" });
    const agent = { ...house.repository, keyring };
    expect((await checkAndWatch({ readData: true, slice: { share: 1 } }, agent)).report).toMatchObject({
      ok: true,
      coverage: { share: 1 },
    });
    const [path = ""] = await files();
    await damage(storage, path);
    expect((await checkAndWatch({ readData: true, slice: { share: 1 } }, agent)).report).toMatchObject({
      ok: false,
      findings: [{ path, code: "object-damaged" }],
    });
  });
});

describe("a file that was found damaged", () => {
  it("is read again by every check, of whatever kind, until it is sound", async () => {
    const { storage } = house.repository;
    const [path = "", ...others] = await files();
    const whole = await damage(storage, path);
    // Nothing but reading its data finds it.
    expect(await check(house.workspace, {})).toMatchObject({ ok: true });
    expect(await check(house.workspace, { readData: true })).toMatchObject({ ok: false });
    house.clock.advance(DAY_MS);
    const again = await checkAndWatch({});
    expect(again.read).toEqual([path]);
    expect(again.report).toMatchObject({ ok: false, findings: [{ path }] });
    expect(again.report.coverage?.share).toBeLessThan(1);
    await storage.remove(path);
    await storage.create(path, whole);
    house.clock.advance(DAY_MS);
    const mended = await checkAndWatch({});
    expect(mended.read).toEqual([path]);
    expect(mended.report).toMatchObject({ ok: true, findings: [], coverage: { share: 1 } });
    expect((await checkAndWatch({})).read).toEqual([]);
    expect(others.length).toBeGreaterThan(0);
  });
});

describe("what a check remembers", () => {
  it("tells of a timeline that is rolled back though no run's record speaks of it", async () => {
    const [task] = tasks as [TaskName];
    const { storage } = house.repository;
    await check(house.workspace, { readData: true });
    const generations = (await collect(storage.list(manifestPath(task, 1).slice(0, -12)))).length;
    for await (const { path } of storage.list(`tasks/${task}/runs/`)) await storage.remove(path);
    const newest = manifestPath(task, generations);
    await storage.remove(newest);
    const { findings } = await check(house.workspace, { task });
    expect(findings.filter(({ severity }) => severity === "error")).toMatchObject([
      { code: "chain-broken", path: newest },
    ]);
  });

  it("is only a warning when it is damaged, and what it told is read again", async () => {
    const [task] = tasks as [TaskName];
    const { storage } = house.repository;
    await check(house.workspace, { readData: true, task });
    const [record] = await collect(storage.list(checksOf(task)));
    await damage(storage, record?.path ?? "");
    const report = await check(house.workspace, { task });
    expect(report).toMatchObject({ ok: true, findings: [{ severity: "warning", path: record?.path }] });
    expect(report.coverage?.share).toBe(0);
  });
});
