import { beforeEach, describe, expect, it } from "vitest";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { newHold } from "../../../src/repository/holds.ts";
import { LEASE_MS, takeLease } from "../../../src/repository/leases.ts";
import { entrySegments, type TimelineEntry } from "../../../src/repository/manifest.ts";
import { leasesOf, segmentPath } from "../../../src/repository/paths.ts";
import type { CleanedFile } from "../../../src/repository/cleanup/cleanup-task.ts";
import { faultyStorage } from "../../faults/storage-faults.ts";
import { gather, OTHER_TASK, TASK } from "../segment/rig.ts";
import { TaskRig } from "./rig.ts";

/** A baseline and three days, of which the first two were merged just now. */
let rig: TaskRig;
let baseline: TimelineEntry;
let days: TimelineEntry[];

beforeEach(async () => {
  rig = new TaskRig();
  baseline = await rig.run({ a: "1", b: "1" });
  days = [await rig.run({ a: "2" }), await rig.run({ c: "1" }), await rig.run({ b: "2" })];
  await rig.rollUp(...days.slice(0, 2).map(({ to }) => to));
});

function filesOf(...entries: readonly TimelineEntry[]): string[] {
  return entries.flatMap((entry) => entrySegments(entry).map(({ id }) => segmentPath(TASK, id)));
}

async function present(...paths: readonly string[]): Promise<boolean[]> {
  return Promise.all(paths.map(async (path) => rig.has(path)));
}

describe("cleanup of what a rollup replaced", () => {
  it("leaves it alone until its time is over", async () => {
    rig.now += DAY_MS - 1;
    expect(await rig.cleanup()).toMatchObject({ forgotten: [], files: 0, waiting: 0, refused: null });
    expect((await rig.manifest()).retired).toHaveLength(2);
    expect(await present(...filesOf(...days))).toEqual([true, true, true]);
  });

  it("commits that the files are to be deleted, deletes them, and then takes them off the list", async () => {
    rig.now += DAY_MS;
    const replaced = days.slice(0, 2);
    const storage = faultyStorage(rig.repository.storage);
    const outcome = await rig.cleanup({}, storage);
    const bytes = replaced.flatMap(entrySegments).reduce((sum, segment) => sum + segment.bytes, 0);
    expect(outcome).toMatchObject({ forgotten: [days[0]?.to], files: 2, bytes, waiting: 0 });
    const order = storage.calls.filter(
      ({ call, path }) => (call === "create" && path.includes("/manifests/")) || call === "remove",
    );
    expect(order.map(({ call }) => call)).toEqual(["create", "remove", "remove"]);
    expect(await present(...filesOf(...days))).toEqual([false, false, true]);
    const marked = await rig.manifest();
    expect(marked.retired).toEqual([]);
    expect(marked.condemned.map(({ path }) => path).sort()).toEqual(filesOf(...replaced).sort());
    for (const file of marked.condemned) {
      expect(file).toMatchObject({ why: "retired", deleting: true, generation: marked.generation });
    }
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 0 });
    expect((await rig.manifest()).condemned).toEqual([]);
    await rig.expectAllReads();
  });

  it("does nothing once there is nothing to do", async () => {
    rig.now += DAY_MS;
    await rig.cleanup();
    await rig.cleanup();
    const { generation } = await rig.manifest();
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 0, forgotten: [] });
    expect((await rig.manifest()).generation).toBe(generation);
  });

  it("never forgets anything where the policy says so", async () => {
    rig.now += 10_000 * DAY_MS;
    expect(await rig.cleanup({ cleanupAfter: null })).toMatchObject({ forgotten: [], files: 0 });
    expect((await rig.manifest()).retired).toHaveLength(2);
  });

  it("forgets at once where the policy says so", async () => {
    expect(await rig.cleanup({ cleanupAfter: 0 })).toMatchObject({ files: 2 });
  });

  it("refuses as long as an anomaly was not acknowledged", async () => {
    rig.now += DAY_MS;
    await rig.amend((manifest) => ({ ...manifest, freeze: { since: rig.now, run: "r", lastGood: null } }));
    const before = await rig.paths();
    expect(await rig.cleanup({ sweep: true })).toMatchObject({ refused: "frozen", files: 0 });
    expect(await rig.paths()).toEqual(before);
    await rig.amend((manifest) => ({ ...manifest, freeze: null }));
    expect(await rig.cleanup()).toMatchObject({ refused: null, files: 2 });
  });

  it("keeps the entry of a held instant, and those that it continues, until the hold is released", async () => {
    const week = await rig.rollUp(...(await rig.manifest()).entries.slice(1).map(({ to }) => to));
    // Back to the second day leads the chain of the first two.
    const held = newHold(rig.repository.keyring, TASK, { kind: "instant", instant: days[1]?.to ?? 0 }, "", 0);
    await rig.amend((manifest) => ({ ...manifest, holds: [held] }));
    rig.now += DAY_MS;
    const outcome = await rig.cleanup();
    // The third day continues the second and nothing continues the third.
    expect(outcome.files).toBe(1);
    expect((await rig.manifest()).retired.map(({ entry }) => entry.to)).toEqual([
      days[0]?.to,
      days[1]?.to,
      days[1]?.to,
    ]);
    expect(await present(...filesOf(...days, week))).toEqual([true, true, false, true]);
    await rig.amend((manifest) => ({ ...manifest, holds: [] }));
    expect(await rig.cleanup()).toMatchObject({ files: 3, forgotten: [days[0]?.to, days[1]?.to] });
  });

  it("leaves a file alone that an entry has gathered", async () => {
    await rig.amend((manifest) => ({
      ...manifest,
      entries: manifest.entries.map((entry) =>
        entry.to === days[1]?.to
          ? { ...entry, groups: days.slice(0, 2).flatMap(({ groups }) => groups) }
          : entry,
      ),
    }));
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0, forgotten: [days[0]?.to] });
    await rig.expectAllReads();
  });

  it("says in a dry run exactly what it then does, and writes nothing", async () => {
    rig.now += DAY_MS;
    await rig.segment({ left: "behind" });
    const before = await rig.paths();
    const told: CleanedFile[] = [];
    const dry = await rig.cleanup({ dryRun: true, onFile: (file) => told.push(file) });
    expect(await rig.paths()).toEqual(before);
    expect(told.map(({ fate, why }) => `${fate} ${why}`).sort()).toEqual([
      "deleted retired",
      "deleted retired",
      "waits unreferenced",
    ]);
    const done: CleanedFile[] = [];
    const { removed: _, ...act } = await rig.cleanup({ onFile: (file) => done.push(file) });
    expect(dry).toMatchObject(act);
    expect(done).toEqual(told);
    const gone = before.filter((path) => told.some((file) => file.path === path && file.fate === "deleted"));
    expect(await present(...gone)).toEqual([false, false]);
  });

  it("may be done by several at once, while runs go on", async () => {
    const left = await rig.segment({ left: "behind" });
    const together = async (): Promise<void> => {
      await Promise.all([
        rig.cleanup({ sweep: true }),
        rig.cleanup({ sweep: true }),
        rig.cleanup({ sweep: true }),
      ]);
    };
    for (let day = 0; day < 4; day++) {
      await together();
      await Promise.all([together(), rig.run({ [`day ${day}`]: "1" })]);
      await rig.expectAllReads();
    }
    await together();
    expect(await present(...filesOf(...days), segmentPath(TASK, left.id))).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect((await rig.manifest()).condemned).toEqual([]);
  });

  it("deletes nothing when a manifest names a file that is not the task's own", async () => {
    const alien = [
      segmentPath(OTHER_TASK, "0".repeat(32)),
      "holdfast.json",
      segmentPath(TASK, "../manifests/000000000001"),
    ];
    for (const path of alien) {
      await rig.amend((manifest) => ({
        ...manifest,
        condemned: [{ path, bytes: 1, since: 0, generation: 1, why: "retired", deleting: true }],
      }));
      rig.now += DAY_MS;
      const before = await rig.paths();
      await expect(rig.cleanup()).rejects.toMatchObject({ code: "internal" });
      expect(await rig.paths()).toEqual(before);
    }
  });
});

describe("a lease", () => {
  it("keeps what its generation needs from being deleted, until it is given back", async () => {
    const lease = await takeLease(rig.repository, TASK, (await rig.manifest()).generation, rig.clock);
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 2, forgotten: [days[0]?.to] });
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 2 });
    expect(await present(...filesOf(...days))).toEqual([true, true, true]);
    await lease[Symbol.asyncDispose]();
    expect(await rig.cleanup()).toMatchObject({ files: 2, waiting: 0 });
  });

  it("of a generation that did without a file does not keep it", async () => {
    rig.now += DAY_MS;
    const early = await takeLease(rig.repository, TASK, (await rig.manifest()).generation, rig.clock);
    await rig.cleanup();
    await early[Symbol.asyncDispose]();
    await using late = await takeLease(rig.repository, TASK, (await rig.manifest()).generation, rig.clock);
    expect(late).toBeDefined();
    expect(await rig.cleanup()).toMatchObject({ files: 2, waiting: 0 });
  });

  it("that a crash left behind runs out, and is removed", async () => {
    await takeLease(rig.repository, TASK, 1, rig.clock);
    rig.now += LEASE_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 2 });
    rig.now += 1;
    expect(await rig.cleanup()).toMatchObject({ files: 2, removed: { leases: 1 } });
    expect(await gather(rig.repository.storage.list(leasesOf(TASK)))).toEqual([]);
  });

  it("that does not read counts as one of every generation", async () => {
    const path = `${leasesOf(TASK)}${rig.now.toString(16).padStart(12, "0")}${"0".repeat(20)}`;
    await rig.repository.storage.create(path, Buffer.from("noise"));
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0, waiting: 2 });
  });
});

describe("a clock that is wrong", () => {
  it("and ahead when a rollup retires makes cleanup wait longer, never shorter", async () => {
    const ahead = 5 * DAY_MS;
    await rig.amend((manifest) => ({
      ...manifest,
      retired: manifest.retired.map((retired) => ({ ...retired, retiredAt: retired.retiredAt + ahead })),
    }));
    rig.now += DAY_MS;
    expect(await rig.cleanup()).toMatchObject({ files: 0 });
    rig.now += ahead;
    expect(await rig.cleanup()).toMatchObject({ files: 2 });
  });

  it("and far ahead when it cleans up deletes nothing that is kept", async () => {
    rig.now += 1_000_000 * DAY_MS;
    await rig.cleanup({ sweep: true });
    await rig.cleanup({ sweep: true });
    await rig.expectAllReads();
    expect(await present(...filesOf(baseline))).toEqual([true]);
  });

  it("and behind when it cleans up deletes nothing", async () => {
    rig.now = 0;
    expect(await rig.cleanup({ sweep: true })).toMatchObject({ files: 0 });
    await rig.expectAllReads();
  });
});
