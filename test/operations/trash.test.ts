import { describe, expect, it } from "vitest";
import { DAY_MS } from "../../src/model/policy/policy.ts";
import { catItem } from "../../src/operations/cat.ts";
import { addHold, listHolds, releaseHold } from "../../src/operations/holds.ts";
import { listTrash, restoreFromTrash } from "../../src/operations/trash.ts";
import { segmentPath } from "../../src/repository/paths.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { collect } from "../e2e/house.ts";
import { proveInstant } from "../simulation/end-proof.ts";
import { instantOf, RetentionRig, TASK } from "./retention-rig.ts";

const reason = "case 4711";
const WEEK_MS = 7 * DAY_MS;

async function proveAll(rig: RetentionRig): Promise<void> {
  const timeline = await openTimeline(rig.workspace, TASK);
  const broken: string[] = [];
  for (const instant of timeline.instants) {
    broken.push(...(await proveInstant(timeline, instant, rig.witness.snapshots.get(instant) ?? new Map())));
  }
  expect(broken).toEqual([]);
}

const bodyAt = async (rig: RetentionRig, at: string): Promise<string> =>
  String((await catItem(rig.workspace, { task: TASK, item: "a", at })).parts[0]);

describe("the trash", () => {
  it("lists what rollups gave up, until when it can be brought back, and what it alone costs", async () => {
    const rig = new RetentionRig({ keep: { daily: 3, weekly: 2 }, cleanupAfter: WEEK_MS });
    await rig.days(10, ["a", "b"]);
    const rows = await collect(listTrash(rig.workspace, { task: TASK }));
    expect(rows.map(({ instant }) => instant)).toEqual(
      ["2026-01-02", "2026-01-03", "2026-01-05", "2026-01-06"].map(instantOf),
    );
    // 01-05 was given up by the rollup of 01-09, when 01-06 joined its week.
    expect(rows[2]).toMatchObject({
      source: "fake",
      level: "weekly",
      retiredAt: "2026-01-09T02:00:00.000Z",
      until: "2026-01-16T02:00:00.000Z",
    });
    const files = new Set(
      (await rig.manifest()).entries.flatMap(({ groups }) => groups.flat()).map(({ id }) => id),
    );
    // Gathered: the week still needs the very files.
    expect(files.size).toBeGreaterThan(0);
    expect(rows[2]?.bytes).toBe(0);
    // Merged when the week was over: its days' files are there for the trash alone.
    expect(rows[0]?.bytes).toBeGreaterThan(0);
    rig.house.policy = { ...rig.house.policy, cleanupAfter: null };
    const [for_ever] = await collect(listTrash(rig.workspace, {}));
    expect(for_ever).toMatchObject({ until: null });
  });

  it("gives an instant back as its run saw it, and a hold keeps it from then on", async () => {
    const rig = new RetentionRig({ keep: { daily: 3, weekly: 2, monthly: 1 }, cleanupAfter: WEEK_MS });
    await rig.days(10, ["a", "b"]);
    const at = instantOf("2026-01-05");
    const request = { task: TASK, at, reason };
    expect(await restoreFromTrash(rig.workspace, { ...request, dryRun: true })).toMatchObject({
      applied: false,
      hold: null,
    });
    expect((await rig.manifest()).entries.map(({ to }) => to)).not.toContain(Date.parse(at));
    const report = await restoreFromTrash(rig.workspace, request);
    expect(report).toMatchObject({ instant: at, applied: true });
    expect(await collect(listHolds(rig.workspace, { task: TASK }))).toMatchObject([
      { hold: report.hold, kind: "instant", instant: at, reason },
    ]);
    expect(await bodyAt(rig, at)).toBe('{"day":"2026-01-05"}');
    await proveAll(rig);
    expect(rig.witness.violations).toEqual([]);
    // The other lost day of that week comes back behind it.
    await restoreFromTrash(rig.workspace, { ...request, at: "2026-01-06" });
    await proveAll(rig);
    const lost = (await collect(listTrash(rig.workspace, { task: TASK }))).map(({ instant }) => instant);
    expect(lost).toEqual(["2026-01-02", "2026-01-03"].map(instantOf));
    // It outlives rollups and cleanups for as long as the hold lasts, and then goes like any other.
    await rig.days(28, ["a", "b"]);
    expect(await bodyAt(rig, at)).toBe('{"day":"2026-01-05"}');
    await proveAll(rig);
    for (const { hold } of await collect(listHolds(rig.workspace, {}))) {
      await releaseHold(rig.workspace, { task: TASK, hold: hold as string });
    }
    await rig.days(1, ["a", "b"]);
    await proveAll(rig);
    expect((await rig.manifest()).entries.map(({ to }) => to)).not.toContain(Date.parse(at));
  });

  it("refuses what is kept, what is not there, and says what can be brought back", async () => {
    const rig = new RetentionRig({ keep: { daily: 3, weekly: 2 }, cleanupAfter: WEEK_MS });
    await rig.days(10, ["a"]);
    const refuse = async (at: string): Promise<string> => {
      const error = await restoreFromTrash(rig.workspace, { task: TASK, at, reason }).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: "instant-unknown" });
      return (error as Error).message;
    };
    expect(await refuse(instantOf("2026-01-10"))).toContain("is kept");
    // Never a neighbour in its place.
    expect(await refuse("2026-01-05T14:00:00Z")).toContain(instantOf("2026-01-05"));
    rig.house.time += 30 * DAY_MS;
    await rig.days(1, ["a"]);
    expect(await refuse(instantOf("2026-01-05"))).toContain("cannot be brought back");
  });

  it("refuses when a file is gone, and changes nothing", async () => {
    const rig = new RetentionRig({ keep: { daily: 3, weekly: 2 }, cleanupAfter: WEEK_MS });
    await rig.days(10, ["a"]);
    const { retired } = await rig.manifest();
    const lost = retired.find(({ entry }) => entry.to === Date.parse(instantOf("2026-01-02")))?.entry
      .groups[0]?.[0];
    await rig.house.plain.storage.remove(segmentPath(rig.house.task, lost?.id ?? ""));
    const before = await rig.manifest();
    await expect(
      restoreFromTrash(rig.workspace, { task: TASK, at: "2026-01-02", reason }),
    ).rejects.toMatchObject({
      code: "object-missing",
    });
    expect(await rig.manifest()).toEqual(before);
  });

  it("is what a refused hold on a merged-away run points to", async () => {
    const rig = new RetentionRig({ keep: { daily: 3, weekly: 2 }, cleanupAfter: WEEK_MS });
    await rig.days(10, ["a"]);
    const run = (await rig.manifest()).retired.find(
      ({ entry }) => entry.to === Date.parse(instantOf("2026-01-05")),
    );
    const refused = addHold(rig.workspace, { task: TASK, run: run?.entry.id ?? "", reason });
    await expect(refused).rejects.toThrow(`holdfast trash restore ${TASK} ${instantOf("2026-01-05")}`);
  });

  for (const dropTombstones of [false, true]) {
    it(`gives a baseline back that was folded away, ${dropTombstones ? "with deletions forgotten" : "as a chain"}`, async () => {
      const rig = new RetentionRig({
        keep: { daily: 1, weekly: 1, monthly: 1, yearly: 1 },
        cleanupAfter: 1_000 * DAY_MS,
        dropTombstones,
      });
      rig.house.time = Date.UTC(2026, 10, 20, 2);
      const { collection } = rig.house;
      collection.edit("gone", "live", "{}", [], rig.house.time);
      await rig.days(1, ["a"]);
      collection.edit("gone", "deleted", "{}", [], rig.house.time);
      rig.witness.forgetsTombstones = dropTombstones;
      for (let week = 0; week < 20; week++) {
        await rig.days(1, ["a"]);
        rig.house.time += 6 * DAY_MS;
      }
      const [baseline] = (await rig.manifest()).entries;
      expect(baseline?.to).toBeGreaterThan(Date.UTC(2026, 10, 20, 2));
      const at = instantOf("2026-11-20");
      await restoreFromTrash(rig.workspace, { task: TASK, at, reason });
      expect(await bodyAt(rig, at)).toBe('{"day":"2026-11-20"}');
      await proveAll(rig);
      for (let week = 0; week < 6; week++) {
        await rig.days(1, ["a"]);
        rig.house.time += 6 * DAY_MS;
      }
      await proveAll(rig);
    });
  }
});
