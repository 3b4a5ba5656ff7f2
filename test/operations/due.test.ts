import { expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { listTasks } from "../../src/operations/tasks.ts";
import { collect, openHouse } from "../e2e/house.ts";

const HOUR = 3_600_000;

it("backup --due runs what is due by its policy, once, and tells when the rest is", async () => {
  await using house = await openHouse();
  await house.couch.json("PUT", "orders");
  await house.couch.json("PUT", "orders/a", { n: 1 });
  const notes: string[] = [];
  const due = async () =>
    collect(
      backup(house.workspace, { select: ["prod/orders"], due: true }, { note: (text) => notes.push(text) }),
    );

  expect((await due()).map(({ state }) => state)).toEqual(["committed"]);
  house.clock.advance(HOUR);
  expect(await due()).toEqual([]);
  expect(notes).toEqual(["prod/orders is due at 2026-01-02T02:00:00.000Z."]);
  expect((await listTasks(house.workspace))[0]?.nextDue).toBe("2026-01-02T02:00:00.000Z");
  house.clock.advance(23 * HOUR);
  expect((await due()).map(({ kind }) => kind)).toEqual(["delta"]);
  house.clock.advance(72 * HOUR);
  expect(await due()).toHaveLength(1);
  expect(await due()).toEqual([]);
});
