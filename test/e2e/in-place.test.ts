/**
 * Restoring in place and taking it back.
 */
import { expect, it } from "vitest";
import { restore } from "../../src/operations/restore.ts";
import { addHold } from "../../src/operations/holds.ts";
import { undoRestore } from "../../src/operations/undo.ts";
import { backUp, openHouse, type House } from "./house.ts";

const DAY_MS = 86_400_000;

interface Shown {
  readonly _rev: string;
  readonly n?: number;
}

async function edited(): Promise<House> {
  const house = await openHouse();
  await house.couch.json("PUT", "shop");
  const docs = ["changed", "deleted", "untouched"].map((_id) => ({ _id, n: 1 }));
  await house.couch.json("POST", "shop/_bulk_docs", { docs });
  await backUp(house, "shop");
  house.clock.advance(DAY_MS);
  await put(house, "changed", 2);
  const { _rev } = await get(house, "deleted");
  await house.couch.json("DELETE", `shop/deleted?rev=${_rev}`);
  await put(house, "added", 2);
  await backUp(house, "shop");
  house.clock.advance(DAY_MS);
  return house;
}

async function get(house: House, id: string): Promise<Shown> {
  return (await house.couch.json("GET", `shop/${id}`)) as Shown;
}

async function put(house: House, id: string, n: number): Promise<void> {
  const { text, status } = await house.couch.send("GET", `shop/${id}`);
  const rev = status === 200 ? { _rev: (JSON.parse(text) as Shown)._rev } : {};
  await house.couch.json("PUT", `shop/${id}`, { ...rev, n });
}

const BACK = {
  task: "prod/shop",
  at: "latest~1",
  scope: {},
  target: { inPlace: true },
  apply: true,
  newerItems: "delete",
} as const;

it("puts an instant back by forward edits, and means the same instant when it is repeated", async () => {
  await using house = await edited();
  const first = await restore(house.workspace, BACK);
  expect(first.counts).toMatchObject({ change: 1, create: 1, delete: 1, failed: 0, unstable: 0 });
  expect(await get(house, "changed")).toMatchObject({ n: 1 });
  expect(await get(house, "deleted")).toMatchObject({ n: 1 });
  expect((await house.couch.send("GET", "shop/added")).status).toBe(404);
  const again = await restore(house.workspace, BACK);
  expect(again.instant).toBe(first.instant);
  expect(again.counts).toMatchObject({ change: 0, create: 0, delete: 0 });
  expect(again.undo).toBeNull();
});

it("is taken back by undo, except where somebody has edited since", async () => {
  await using house = await edited();
  const { undo } = await restore(house.workspace, BACK);
  await put(house, "deleted", 7);
  house.clock.advance(DAY_MS);
  const report = await undoRestore(house.workspace, { task: "prod/shop", restore: undo as string });
  expect(await get(house, "changed")).toMatchObject({ n: 2 });
  expect(await get(house, "added")).toMatchObject({ n: 2 });
  expect(await get(house, "deleted")).toMatchObject({ n: 7 });
  expect(report.failures.map(({ key, action }) => [key, action])).toEqual([["deleted", "unstable"]]);
});

it("is not taken back once rollups have merged what was before it, and says what may still help", async () => {
  await using house = await edited();
  const { undo } = await restore(house.workspace, BACK);
  // What is kept of that instant for another item must not be mistaken for the whole.
  await addHold(house.workspace, { task: "prod/shop", item: "untouched", reason: "case 4711" });
  for (let day = 0; day < 12; day++) {
    house.clock.advance(DAY_MS);
    await put(house, "untouched", day);
    await backUp(house, "shop");
  }
  const request = { task: "prod/shop", restore: undo as string };
  await expect(undoRestore(house.workspace, request)).rejects.toMatchObject({
    code: "instant-unknown",
    message: expect.stringContaining("holdfast trash restore") as string,
  });
  expect(await get(house, "changed")).toMatchObject({ n: 1 });
});

it("previews the same without touching anything", async () => {
  await using house = await edited();
  const before = await house.couch.json("GET", "shop/_all_docs?include_docs=true");
  const preview = await restore(house.workspace, { ...BACK, apply: false });
  expect(preview.counts).toMatchObject({ change: 1, create: 1, delete: 1 });
  expect(preview.undo).toBeNull();
  expect(await house.couch.json("GET", "shop/_all_docs?include_docs=true")).toEqual(before);
});

it("refuses when the present state cannot be kept first", async () => {
  await using house = await edited();
  await house.couch.json("DELETE", "shop");
  await expect(restore(house.workspace, BACK)).rejects.toMatchObject({ code: "source-not-found" });
});
