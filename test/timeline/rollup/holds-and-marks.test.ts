import { beforeEach, describe, expect, it } from "vitest";
import { keyOf } from "../../../src/model/key.ts";
import type { LostVersions } from "../../../src/repository/manifest.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { hashText } from "../../../src/timeline/lost.ts";
import { TASK } from "../../repository/segment/rig.ts";
import { day, keeping, RollupRig, START } from "./rig.ts";

/** Two days, then weeks: the first week of 2026 ends on Sunday, January 4. */
const POLICY = keeping({ daily: 2 });

let rig: RollupRig;

beforeEach(() => {
  rig = new RollupRig();
});

function markOf(name: string): LostVersions {
  return {
    at: START,
    keyHashes: [hashText(taskFingerprints(rig.repository.keyring, TASK).keyHash(keyOf(name)))],
    reason: "the disk",
  };
}
async function markAt(instant: number, mark: LostVersions): Promise<void> {
  await rig.amend((manifest) => ({
    ...manifest,
    entries: manifest.entries.map((entry) => (entry.to === instant ? { ...entry, lost: [mark] } : entry)),
  }));
}

describe("a held item", () => {
  it("keeps its versions at every instant that is given up, and only its own", async () => {
    await rig.runsUntil(5);
    await rig.hold({ kind: "prefix", key: keyOf("x") });
    await rig.rollUp(POLICY);
    await rig.runsUntil(8);
    await rig.rollUp(POLICY);
    expect((await rig.entryAt(day(4))).held.map(({ to }) => to)).toEqual([day(2), day(3)]);
    const timeline = await rig.timeline();
    expect((await timeline.at(day(2)).get(keyOf("x")))?.revision).toBe("x on 2");
    expect(await timeline.heldInstantsOf(keyOf("day 2"))).toEqual([]);
  });

  it("is given up by the next merge of its entry after its release, and retires with it", async () => {
    await rig.runsUntil(5);
    const hold = await rig.hold({ kind: "item", key: keyOf("x") });
    await rig.rollUp(POLICY);
    await rig.runsUntil(12);
    await rig.rollUp(POLICY);
    const week = await rig.entryAt(day(4));
    expect(week.held).toHaveLength(2);
    await rig.release(hold);
    const { rolledUp } = await rig.rollUp(keeping({ daily: 2, weekly: 1 }));
    expect(rolledUp).toMatchObject([{ level: "monthly", how: "gathered", inputs: [day(4)] }]);
    expect((await rig.entryAt(day(4))).held).toEqual([]);
    expect((await rig.manifest()).retired.map(({ entry }) => entry)).toContainEqual(week);
    expect(await rig.strays()).toEqual([]);
  });
});

describe("marks of lost versions", () => {
  it("go where a newer input has the item, and stay where none has", async () => {
    await rig.runsUntil(8);
    await markAt(day(3), markOf("x"));
    await markAt(day(4), markOf("day 2"));
    await rig.rollUp(POLICY);
    expect((await rig.entryAt(day(4))).lost).toEqual([markOf("day 2")]);
    expect((await rig.stateAt(day(4))).get("x")).toBe("x on 4");
  });

  it("stay with a held item's instant: no older version answers in its place", async () => {
    await rig.runsUntil(8);
    await rig.hold({ kind: "item", key: keyOf("x") });
    await markAt(day(3), markOf("x"));
    await rig.rollUp(POLICY);
    await rig.rollUp(keeping({ daily: 1, weekly: 1 }));
    const timeline = await rig.timeline();
    await expect(timeline.at(day(3)).get(keyOf("x"))).rejects.toMatchObject({ code: "version-lost" });
    expect((await timeline.at(day(2)).get(keyOf("x")))?.revision).toBe("x on 2");
  });

  it("that name no item keep their instant out of every merge, because they would hide newer versions", async () => {
    await rig.runsUntil(8);
    const [segment] = (await rig.entryAt(day(3))).groups.flat();
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
