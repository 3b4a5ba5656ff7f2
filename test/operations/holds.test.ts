import { beforeEach, describe, expect, it } from "vitest";
import { catItem } from "../../src/operations/cat.ts";
import { compare } from "../../src/operations/compare.ts";
import { addHold, listHolds, releaseHold } from "../../src/operations/holds.ts";
import { itemLog } from "../../src/operations/log.ts";
import { listItems } from "../../src/operations/ls.ts";
import { restore } from "../../src/operations/restore.ts";
import { collect } from "../e2e/house.ts";
import { instantOf, RetentionRig, TASK } from "./retention-rig.ts";

const reason = "audit";
let rig: RetentionRig;

/** From 2026-01-01, a Thursday. */
beforeEach(() => {
  rig = new RetentionRig({ keep: { daily: 3, weekly: 2 } });
});

async function bodyAt(item: string, at: string) {
  const { parts, exactness } = await catItem(rig.workspace, { task: TASK, item, at });
  return { day: (JSON.parse(String(parts[0])) as { day: string }).day, exactness };
}

describe("a hold on an item", () => {
  it("keeps each of its versions readable at its own instant, while other items roll up", async () => {
    await rig.days(4, ["held", "other"]);
    const row = await addHold(rig.workspace, { task: TASK, item: "held", reason });
    expect(row).toMatchObject({ kind: "item", key: "held", instant: null, reason, source: "fake" });
    await rig.days(16, ["held", "other"]);
    expect(rig.witness.violations).toEqual([]);
    // 01-06 was merged into the week that ended on 01-11.
    expect(await bodyAt("held", instantOf("2026-01-06"))).toEqual({
      day: "2026-01-06",
      exactness: { precision: "second", instant: instantOf("2026-01-06"), next: instantOf("2026-01-07") },
    });
    expect(await bodyAt("held", "2026-01-06T12:00:00Z")).toEqual({
      day: "2026-01-06",
      exactness: { precision: "day", instant: instantOf("2026-01-06"), next: instantOf("2026-01-07") },
    });
    const other = await bodyAt("other", instantOf("2026-01-06"));
    expect(other).toEqual({
      day: "2026-01-04",
      exactness: { precision: "week", instant: instantOf("2026-01-04"), next: instantOf("2026-01-11") },
    });
    const days = (await collect(itemLog(rig.workspace, { task: TASK, item: "held" }))).map(
      ({ instant }) => instant,
    );
    expect(days).toEqual(
      Array.from({ length: 20 }, (_, day) =>
        new Date(Date.UTC(2026, 0, 20 - day, 2)).toISOString().replace(".000", ""),
      ),
    );
    const others = await collect(itemLog(rig.workspace, { task: TASK, item: "other" }));
    expect(others.map(({ level }) => level)).toEqual([
      "daily",
      "daily",
      "daily",
      "weekly",
      "weekly",
      "monthly",
      "baseline",
    ]);
  });

  it("counts from versions that were there when it was made, also for those before", async () => {
    await rig.days(4, ["held"]);
    rig.house.time += 1_000;
    await addHold(rig.workspace, { task: TASK, item: "held", reason });
    await rig.days(10, ["held"]);
    // Older than the hold, and merged after it was made.
    expect(await bodyAt("held", instantOf("2026-01-03"))).toMatchObject({
      day: "2026-01-03",
      exactness: { precision: "second" },
    });
  });

  it("is what a restore of the item alone goes back to, and a restore of everything does not mix in", async () => {
    await rig.days(1, ["held", "other"]);
    await addHold(rig.workspace, { task: TASK, prefix: "he", reason });
    await rig.days(15, ["held", "other"]);
    const { workspace, house } = rig;
    const at = "2026-01-07T20:00:00Z";
    const alone = {
      task: TASK,
      at,
      scope: { items: ["held"] },
      target: { collection: "alone" },
      apply: true,
    };
    expect(await restore(workspace, alone)).toMatchObject({
      instant: instantOf("2026-01-07"),
      exactness: { precision: "day", next: instantOf("2026-01-08") },
    });
    const bodies = (name: string): string[] =>
      [...(house.service.collections.get(name)?.items.values() ?? [])].map(({ body }) => String(body));
    expect(bodies("alone")).toEqual(['{"day":"2026-01-07"}']);
    expect(await compare(workspace, { ...alone, target: { collection: "alone" } })).toMatchObject({
      equal: true,
      exactness: { precision: "day" },
    });
    const both = { ...alone, scope: { items: ["held", "other"] }, target: { collection: "both" } };
    const all = { ...alone, scope: {}, target: { collection: "all" } };
    for (const [name, request] of [
      ["both", both],
      ["all", all],
    ] as const) {
      expect(await restore(workspace, request)).toMatchObject({
        instant: instantOf("2026-01-04"),
        exactness: { precision: "week" },
      });
      expect(bodies(name)).toEqual(['{"day":"2026-01-04"}', '{"day":"2026-01-04"}']);
    }
    const notes: string[] = [];
    const rows = await collect(
      listItems(workspace, { task: TASK, at, prefix: "held" }, { note: (text) => notes.push(text) }),
    );
    expect(rows).toHaveLength(1);
    expect(notes).toEqual([
      `As of ${instantOf("2026-01-07")}, exact to the day; nearest instants: ${instantOf("2026-01-07")} and ${instantOf("2026-01-08")}.`,
    ]);
    await collect(listItems(workspace, { task: TASK, at }, { note: (text) => notes.push(text) }));
    expect(notes[1]).toContain("exact to the week");
  });

  it("released, lets its versions go with the next rollup of their delta", async () => {
    await rig.days(1, ["held"]);
    const { hold } = await addHold(rig.workspace, { task: TASK, item: "held", reason });
    await rig.days(12, ["held"]);
    const before = await collect(itemLog(rig.workspace, { task: TASK, item: "held" }));
    const name = (hold as string).slice(0, 8);
    expect(await releaseHold(rig.workspace, { task: TASK, hold: name, dryRun: true })).toMatchObject({
      hold,
    });
    expect(await collect(listHolds(rig.workspace, {}))).toHaveLength(1);
    await releaseHold(rig.workspace, { task: TASK, hold: name });
    expect(await collect(listHolds(rig.workspace, {}))).toEqual([]);
    // Still there, and still found by what the log says.
    expect(await collect(itemLog(rig.workspace, { task: TASK, item: "held" }))).toEqual(before);
    expect(await bodyAt("held", instantOf("2026-01-06"))).toMatchObject({ day: "2026-01-06" });
    await rig.days(40, ["held"]);
    const after = await collect(itemLog(rig.workspace, { task: TASK, item: "held" }));
    expect(after.length).toBeLessThan(10);
    expect(rig.witness.violations).toEqual([]);
    await expect(releaseHold(rig.workspace, { task: TASK, hold: name })).rejects.toMatchObject({
      code: "source-unknown",
    });
  });
});

describe("a hold on a run", () => {
  it("keeps its instant, named by its id or by a time", async () => {
    await rig.days(2, ["a"]);
    const run = await rig.run();
    rig.house.time += 22 * 3_600_000;
    const instant = (await rig.manifest()).entries.at(-1)?.to as number;
    const notes: string[] = [];
    const dry = await addHold(rig.workspace, { task: TASK, run: run.slice(0, 20), reason, dryRun: true });
    expect(dry).toMatchObject({ hold: null, kind: "instant", key: null });
    expect((await rig.manifest()).holds).toEqual([]);
    await addHold(rig.workspace, { task: TASK, run, reason });
    await addHold(
      rig.workspace,
      { task: TASK, at: "2026-01-02T05:00:00Z", reason },
      { note: (text) => notes.push(text) },
    );
    expect(notes[0]).toContain(`As of ${instantOf("2026-01-02")}, exact to the day`);
    await rig.days(40, ["a"]);
    const kept = (await rig.manifest()).entries.map(({ to }) => to);
    expect(kept).toContain(instant);
    expect(kept).toContain(Date.parse(instantOf("2026-01-02")));
    expect(rig.witness.violations).toEqual([]);
  });

  it("that was merged away is refused, and where its versions are is said", async () => {
    await rig.days(1, ["a"]);
    const lost = await rig.run();
    rig.house.time += 22 * 3_600_000;
    await rig.days(5, ["a"]);
    const soon = await addHold(rig.workspace, { task: TASK, run: lost, reason }).catch(
      (error: unknown) => error,
    );
    expect(soon).toMatchObject({ code: "instant-unknown" });
    expect(String(soon)).toMatch(/newest versions are in the weekly delta that ends 2026-01-0\dT/);
    // After the cleanup only the run's record knows it.
    await rig.days(12, ["a"]);
    const late = await addHold(rig.workspace, { task: TASK, run: lost, reason }).catch(
      (error: unknown) => error,
    );
    expect(late).toMatchObject({ code: "instant-unknown" });
    expect(String(late)).not.toContain("brought back");
  });

  it("is refused without a reason, without a target, with two, and for a run that nobody knows", async () => {
    await rig.days(1, ["a"]);
    const { workspace } = rig;
    await expect(addHold(workspace, { task: TASK, item: "a", reason: " " })).rejects.toMatchObject({
      code: "usage",
    });
    await expect(addHold(workspace, { task: TASK, reason })).rejects.toMatchObject({ code: "usage" });
    await expect(addHold(workspace, { task: TASK, item: "a", prefix: "b", reason })).rejects.toMatchObject({
      code: "usage",
    });
    await expect(addHold(workspace, { task: TASK, run: "", reason })).rejects.toMatchObject({
      code: "usage",
    });
    await expect(addHold(workspace, { task: TASK, run: "beef", reason })).rejects.toMatchObject({
      code: "source-unknown",
    });
    await expect(addHold(workspace, { task: TASK, at: "2025-01-01", reason })).rejects.toMatchObject({
      code: "instant-unknown",
    });
  });
});

describe("a write-only key", () => {
  it("may hold instants, items and prefixes, and learns no held key from the list", async () => {
    await rig.days(2, ["a"]);
    const agent = rig.house.workspace({ right: "write" });
    await addHold(agent, { task: TASK, item: "a", reason });
    await addHold(agent, { task: TASK, prefix: "b", reason });
    await addHold(agent, { task: TASK, at: "latest", reason });
    const listed = (await collect(listHolds(agent, { task: TASK }))).map(({ kind, key }) => [kind, key]);
    expect(listed).toEqual([
      ["item", null],
      ["prefix", null],
      ["instant", null],
    ]);
    const read = (await collect(listHolds(rig.workspace, { task: TASK }))).map(({ key }) => key);
    expect(read).toEqual(["a", "b", null]);
  });
});
