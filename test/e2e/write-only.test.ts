/**
 * A backup agent with a write-only key: it recognises what is unchanged, keeps what is new, and can read none of it.
 */
import { expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { catItem } from "../../src/operations/cat.ts";
import { check } from "../../src/operations/check.ts";
import { compare } from "../../src/operations/compare.ts";
import { listDeltas } from "../../src/operations/deltas.ts";
import { addKey } from "../../src/operations/keys.ts";
import { itemLog } from "../../src/operations/log.ts";
import { listItems } from "../../src/operations/ls.ts";
import { restore } from "../../src/operations/restore.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { openKeyring } from "../../src/repository/sealing/slots.ts";
import { backUp, collect, openHouse, sourceAt, type House } from "./house.ts";

const TASK = "prod/shop";

async function agentOf(house: House): Promise<Workspace> {
  await addKey(house.workspace, { right: "write", passphrase: "agent", label: "agent" });
  const { id, storage } = house.repository;
  const keyring = await openKeyring(storage, { kind: "passphrase", passphrase: "agent" });
  expect(keyring.right).toBe("write");
  return new Workspace({ id, storage, keyring }, [sourceAt(house.url, ["*"])], house.clock);
}

async function withShop(): Promise<House> {
  const house = await openHouse();
  await house.couch.json("PUT", "shop");
  const data = btoa("a picture ".repeat(200));
  const docs: object[] = Array.from({ length: 20 }, (_, index) => ({ _id: `doc ${index}`, index }));
  docs.push({ _id: "pictured", _attachments: { "p.png": { content_type: "image/png", data } } });
  await house.couch.json("POST", "shop/_bulk_docs", { docs });
  return house;
}

it("makes deltas of only what changed, attachments recognised, that a reader restores exactly", async () => {
  await using house = await withShop();
  const agent = await agentOf(house);
  const run = async () => (await collect(backup(agent, { select: [TASK] })))[0];
  expect(await run()).toMatchObject({ state: "committed", kind: "baseline", blobs: 1 });
  expect(await run()).toMatchObject({ state: "committed", kind: "delta", live: 0, deleted: 0 });
  const pictured = (await house.couch.json("GET", "shop/pictured")) as object;
  await house.couch.json("PUT", "shop/pictured", { ...pictured, title: "new" });
  // The document changed, its picture did not: nothing is fetched or stored again.
  expect(await run()).toMatchObject({ state: "committed", live: 1, blobs: 0 });
  const target = { collection: "copy" };
  const report = await restore(house.workspace, { task: TASK, scope: {}, target, apply: true });
  expect(report.failures).toEqual([]);
  expect(await compare(house.workspace, { task: TASK, target })).toMatchObject({ equal: true });
});

it("may list what is kept, and read nothing of it", async () => {
  await using house = await withShop();
  await backUp(house, "shop");
  const agent = await agentOf(house);
  expect(await listDeltas(agent, { task: TASK })).toHaveLength(1);
  const refused = { code: "no-read-right", exit: 12 };
  await expect(collect(listItems(agent, { task: TASK }))).rejects.toMatchObject(refused);
  await expect(collect(itemLog(agent, { task: TASK, item: "doc 1" }))).rejects.toMatchObject(refused);
  await expect(catItem(agent, { task: TASK, item: "doc 1" })).rejects.toMatchObject(refused);
  // Reading back compares files with their digests: the bytes are proven, and none is opened.
  expect(await check(agent, { readData: true })).toMatchObject({ ok: true, coverage: { share: 1 } });
  const into = { task: TASK, scope: {}, target: { collection: "stolen" }, apply: true };
  await expect(restore(agent, into)).rejects.toMatchObject(refused);
  expect((await house.couch.send("GET", "stolen")).status).toBe(404);
});

it("says that it cannot find purges by comparing, and goes on", async () => {
  await using house = await withShop();
  const agent = await agentOf(house);
  await collect(backup(agent, { select: [TASK] }));
  const [report] = await collect(backup(agent, { select: [TASK], reconcile: true }));
  expect(report).toMatchObject({ state: "committed" });
  expect(report?.warnings.join()).toMatch(/read/);
});
