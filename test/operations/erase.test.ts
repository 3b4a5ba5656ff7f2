import { expect, it } from "vitest";
import { catItem } from "../../src/operations/cat.ts";
import { erase, listErasures } from "../../src/operations/erase.ts";
import { check } from "../../src/operations/check.ts";
import { itemLog } from "../../src/operations/log.ts";
import { listItems } from "../../src/operations/ls.ts";
import { restore } from "../../src/operations/restore.ts";
import { backUp, collect, openHouse, type House } from "../e2e/house.ts";

const DAY = 86_400_000;
const TASK = "prod/people";

async function put(house: House, id: string, body: object): Promise<void> {
  const { text } = await house.couch.send("GET", `people/${id}`);
  const rev = (JSON.parse(text) as { _rev?: string })._rev;
  await house.couch.json("PUT", `people/${id}`, { ...body, ...(rev === undefined ? {} : { _rev: rev }) });
}

function attachment(text: string): object {
  const data = Buffer.from(text).toString("base64");
  return { _attachments: { "photo.txt": { content_type: "text/plain", data } } };
}

/** Three days of two people, who share a photo on the first. */
async function lived(house: House): Promise<void> {
  await house.couch.json("PUT", "people");
  await put(house, "ann", { age: 1, ...attachment("the photo of both") });
  await put(house, "bob", { age: 1, ...attachment("the photo of both") });
  await backUp(house, "people");
  house.clock.advance(DAY);
  await put(house, "ann", { age: 2, ...attachment("ann alone") });
  await backUp(house, "people");
  house.clock.advance(DAY);
  await put(house, "ann", { age: 3 });
  await put(house, "bob", { age: 3 });
  await backUp(house, "people");
}

it("an erased item is gone from every listing, log and restore; others restore as before; the check is content", async () => {
  await using house = await openHouse();
  const { workspace, couch } = house;
  await lived(house);
  const preview = await erase(workspace, { task: TASK, item: "ann", apply: false });
  expect(preview).toMatchObject({ applied: false, generation: null, blobs: 1, completedAt: null });
  expect(preview.versions).toHaveLength(3);

  const report = await erase(workspace, { task: TASK, item: "ann", reason: "request 1" });
  expect(report).toMatchObject({
    item: "ann",
    applied: true,
    blobs: 1,
    reason: "request 1",
    completedAt: expect.any(String),
  });
  expect(await collect(itemLog(workspace, { task: TASK, item: "ann" }))).toEqual([]);
  expect(await collect(itemLog(workspace, { task: TASK, item: "bob" }))).toHaveLength(2);
  for (const at of ["latest", "latest~1", "latest~2"]) {
    const keys = (await collect(listItems(workspace, { task: TASK, at }))).map(({ key }) => key);
    expect([keys.includes("ann"), keys.includes("bob")]).toEqual([false, true]);
  }
  const restored = await restore(workspace, {
    task: TASK,
    at: "latest~2",
    scope: {},
    target: { collection: "before" },
    apply: true,
  });
  expect(restored.failures).toEqual([]);
  expect((await couch.send("GET", "before/ann")).status).toBe(404);
  expect((await couch.send("GET", "before/bob/photo.txt")).text).toBe("the photo of both");
  expect(await check(workspace, { readData: true })).toMatchObject({ ok: true });

  const { item, applied, bytes, blobs, durationMs, ...certificate } = report;
  expect([item, applied]).toEqual(["ann", true]);
  expect(bytes + blobs + durationMs).toBeGreaterThan(0);
  expect(await collect(listErasures(workspace, { task: TASK }))).toEqual([certificate]);
  expect(JSON.stringify(certificate)).not.toContain("ann");
});

it("the next run keeps what the source still has, from when it changes again", async () => {
  await using house = await openHouse();
  await lived(house);
  await erase(house.workspace, { task: TASK, item: "ann" });
  house.clock.advance(DAY);
  await backUp(house, "people");
  await expect(catItem(house.workspace, { task: TASK, item: "ann" })).rejects.toMatchObject({
    code: "item-not-kept",
  });
  await put(house, "ann", { age: 4, ...attachment("ann alone") });
  await backUp(house, "people");
  const { version } = await catItem(house.workspace, { task: TASK, item: "ann" });
  expect(version.revision).toMatch(/^4-/);
  expect(await collect(itemLog(house.workspace, { task: TASK, item: "ann" }))).toHaveLength(1);
  expect(await check(house.workspace, { readData: true })).toMatchObject({ ok: true });
});
