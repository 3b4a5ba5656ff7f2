import { beforeEach, describe, expect, it } from "vitest";
import { addHold } from "../../src/operations/holds.ts";
import { previewRetention } from "../../src/operations/retention.ts";
import { listTrash } from "../../src/operations/trash.ts";
import { collect } from "../e2e/house.ts";
import { instantOf, RetentionRig, TASK } from "./retention-rig.ts";

let rig: RetentionRig;

/** From 2026-01-01 to 2026-01-20; an hour after the last run. */
beforeEach(async () => {
  rig = new RetentionRig({ keep: { daily: 3, weekly: 2 }, timeOfDay: "02:00" });
  await rig.days(20, ["a"]);
  rig.house.time += 3_600_000 - 86_400_000;
});

const preview = async (more: object = {}) => previewRetention(rig.workspace, { task: TASK, ...more });

describe("a preview of retention", () => {
  it("tells the policy with its origin, and of each instant which rule keeps it, until when, and what follows", async () => {
    const told = await preview();
    const value = (name: string) => told.policy.find((one) => one.name === name);
    expect(value("keep.daily")).toEqual({ name: "keep.daily", value: 3, origin: "simulation" });
    expect(value("keep.monthly")).toEqual({ name: "keep.monthly", value: 12, origin: "default" });
    expect(told).not.toHaveProperty("frozen");
    expect(told.instants.map(({ instant, rule }) => [instant, rule])).toEqual([
      [instantOf("2026-01-20"), "daily 1 of 3"],
      [instantOf("2026-01-19"), "daily 2 of 3"],
      [instantOf("2026-01-18"), "daily 3 of 3"],
      [instantOf("2026-01-17"), "weekly 1 of 2"],
      [instantOf("2026-01-11"), "weekly 2 of 2"],
      [instantOf("2026-01-04"), "monthly 1 of 12"],
      [instantOf("2026-01-01"), "baseline"],
    ]);
    expect(told.instants[3]?.until).toEqual({
      kind: "at",
      time: "2026-01-21T02:00:00.000Z",
      into: { level: "weekly", bucket: "2026-W03" },
    });
    expect(told.instants[6]?.until).toEqual({ kind: "never", time: null, into: null });
    expect(told.due).toEqual([]);
    const drop = { instant: instantOf("2026-01-17"), level: "weekly", rule: "keep" };
    expect(told.next).toEqual({
      run: "2026-01-21T02:00:00.000Z",
      drops: [{ ...drop, into: { level: "weekly", bucket: "2026-W03" } }],
    });
  });

  it("is what happens: what it says of the next run is in the trash after it", async () => {
    const { next } = await preview();
    rig.house.time = Date.parse(next.run);
    await rig.days(1, ["a"]);
    const trash = (await collect(listTrash(rig.workspace, {}))).map(({ instant }) => instant);
    for (const { instant } of next.drops) expect(trash).toContain(instant);
  });

  it("tells of an item how long each version can be read, and at which instant", async () => {
    rig.house.collection.edit("b", "live", "{}", [], rig.house.time);
    rig.house.time += 22 * 3_600_000;
    await rig.run();
    rig.house.time += 86_400_000;
    await rig.run();
    const { versions } = await preview({ item: "a" });
    expect(versions?.map(({ instant, keptAt, rule }) => [instant, keptAt, rule]).slice(0, 2)).toEqual([
      // The newest version is the state at every instant since, of which the newest stays longest.
      [instantOf("2026-01-20"), "2026-01-22T01:00:00Z", "daily 1 of 3"],
      [instantOf("2026-01-19"), instantOf("2026-01-19"), "weekly 1 of 2"],
    ]);
    expect(versions?.at(-1)).toMatchObject({ rule: "baseline", until: { kind: "never" } });
    const never = await preview({ item: "nobody" });
    expect(never.versions).toEqual([]);
  });

  it("names the holds that keep an instant or an item", async () => {
    const at = instantOf("2026-01-19");
    await addHold(rig.workspace, { task: TASK, at, reason: "audit" });
    await addHold(rig.workspace, { task: TASK, at, reason: "case 4711" });
    await addHold(rig.workspace, { task: TASK, prefix: "a", reason: "law" });
    const { instants, versions } = await preview({ item: "a" });
    expect(instants[1]).toMatchObject({
      instant: at,
      rule: "held: audit; case 4711",
      until: { kind: "held" },
    });
    // The held one does not count.
    expect(instants[2]).toMatchObject({ rule: "daily 2 of 3", until: { kind: "held" } });
    expect(versions?.every(({ rule, until }) => rule === "held: law" && until.kind === "held")).toBe(true);
  });

  it("tells what other numbers would change: what goes at once, what goes sooner or stays longer", async () => {
    const { whatIf } = await preview({ whatIf: { keep: { daily: 1, monthly: 1, yearly: 1 } }, item: "a" });
    expect(whatIf?.policy).toEqual([
      { name: "keep.daily", value: 1, origin: "what if" },
      { name: "keep.monthly", value: 1, origin: "what if" },
      { name: "keep.yearly", value: 1, origin: "what if" },
    ]);
    expect(whatIf?.due.map(({ instant }) => instant)).toEqual([
      instantOf("2026-01-17"),
      instantOf("2026-01-04"),
    ]);
    const changes = whatIf?.changes.map(({ instant, change }) => [instant, change]);
    expect(changes).toEqual([
      [instantOf("2026-01-20"), "shorter"],
      [instantOf("2026-01-19"), "shorter"],
      [instantOf("2026-01-18"), "shorter"],
      [instantOf("2026-01-17"), "dropped"],
      [instantOf("2026-01-11"), "shorter"],
      [instantOf("2026-01-04"), "dropped"],
      [instantOf("2026-01-01"), "shorter"],
    ]);
    expect(whatIf?.versions).toHaveLength(7);
    const more = await preview({ whatIf: { keep: { daily: 30 } } });
    expect(more.whatIf?.due).toEqual([]);
    expect(new Set(more.whatIf?.changes.map(({ change }) => change))).toEqual(new Set(["longer"]));
    expect((await preview({ whatIf: { keep: { daily: 3 } } })).whatIf).toMatchObject({
      policy: [],
      changes: [],
    });
  });

  it("needs no right to read, but for an item", async () => {
    await addHold(rig.workspace, { task: TASK, item: "a", reason: "law" });
    const agent = rig.house.workspace({ right: "write" });
    expect((await previewRetention(agent, { task: TASK })).instants).toHaveLength(7);
    await expect(previewRetention(agent, { task: TASK, item: "a" })).rejects.toMatchObject({
      code: "no-read-right",
    });
  });
});
