import { describe, expect, it } from "vitest";
import type { TaskName } from "../../src/model/task.ts";
import { publishedRoutes } from "../../src/operations/failover.ts";
import { runStandbys } from "../../src/operations/standby.ts";
import { claimStandby } from "../../src/operations/standby/ledger.ts";
import { restore } from "../../src/operations/restore.ts";
import { copyLedgersOf } from "../../src/repository/paths.ts";
import { openFormHouse, TASK, type FormHouse } from "../e2e/form-house.ts";
import { collect } from "../e2e/house.ts";

const V4 = "2024-11-30";

function train(house: FormHouse, id: string, more: object = {}): void {
  house.sandbox.makeModel("east", { id, apiVersion: V4, ...more });
}

function taskOf({ repository }: FormHouse): TaskName {
  return repository.keyring.taskName("east", "form-recognizer", "resource");
}

/** Ids of the models that a resource holds, reserved ones left out. */
function idsIn({ sandbox }: FormHouse, resource: string): string[] {
  return sandbox
    .models(resource)
    .filter(({ status }) => status === "ready")
    .map(({ id }) => id)
    .sort();
}

async function pathsOf(house: FormHouse, folder = ""): Promise<string[]> {
  return (await collect(house.repository.storage.list(folder, {}))).map(({ path }) => path);
}

const furnished = async (): Promise<FormHouse> => {
  const house = await openFormHouse();
  train(house, "invoices");
  train(house, "receipts");
  await house.backUp();
  return house;
};

describe("a run of a standby whose service copies", () => {
  it("copies what is missing, proves it, and publishes where it is found", async () => {
    await using house = await furnished();
    expect(await house.run()).toMatchObject([
      { state: "applied", created: 2, failed: 0, routes: { generation: 1, ready: 2, older: 0, missing: 0 } },
    ]);
    expect(idsIn(house, "west")).toEqual(["invoices", "receipts"]);
    expect(await house.status()).toMatchObject([
      { behind: 0, failed: 0, lagMs: 0, copies: { ready: 2, missing: 0, expired: 0, expiring: 0 } },
    ]);
    expect(house.warnings).toEqual([]);
  });

  it("finds everything in step the next time, and then asks no copy one by one", async () => {
    await using house = await furnished();
    await house.run();
    const { requests } = house.sandbox;
    requests.reset();
    expect(await house.run()).toMatchObject([{ state: "in-step", created: 0, routes: { generation: 1 } }]);
    const perModel = requests.recent().filter(({ url }) => /documentModels\/[a-z]/.test(url));
    expect(perModel).toEqual([]);
    expect(idsIn(house, "west")).toHaveLength(2);
  });

  it("writes nothing and copies nothing in a preview", async () => {
    await using house = await furnished();
    const before = await pathsOf(house);
    expect(await house.run({ apply: false })).toMatchObject([{ state: "preview", created: 2 }]);
    expect(await pathsOf(house)).toEqual(before);
    expect(idsIn(house, "west")).toEqual([]);
  });

  it("publishes a new generation when applications would be sent elsewhere, and keeps the earlier ones", async () => {
    await using house = await furnished();
    await house.run();
    train(house, "orders");
    await house.backUp();
    expect(await house.run()).toMatchObject([{ created: 1, routes: { generation: 2, ready: 3 } }]);
    const { workspace, standbys } = house;
    const items = async (generation?: number) => {
      const asked = { standbys, name: "dr", ...(generation === undefined ? {} : { generation }) };
      return (await publishedRoutes(workspace, asked)).routes.map(({ item }) => item);
    };
    expect(await items(1)).toEqual(["models/invoices", "models/receipts"]);
    expect(await items()).toEqual(["models/invoices", "models/orders", "models/receipts"]);
    await expect(items(3)).rejects.toMatchObject({ code: "source-unknown" });
  });

  it("copies before the first backup too, and says that there is no routing table yet", async () => {
    await using house = await openFormHouse();
    train(house, "invoices");
    const [row] = await house.run();
    expect(row).toMatchObject({ state: "applied", created: 1, warnings: house.warnings });
    expect(row).not.toHaveProperty("routes");
    expect(house.warnings).toEqual([expect.stringContaining("holdfast backup east")]);
    await house.backUp();
    expect(await house.run()).toMatchObject([{ state: "in-step", routes: { generation: 1, ready: 1 } }]);
  });

  it("brings each of several standbys of one source in step, with a ledger of its own", async () => {
    await using house = await furnished();
    await house.sandbox.addResource({ name: "north", region: "northeurope" });
    await using more = await house.reconnect(["east", "west", "north"]);
    const standbys = [...house.standbys, { name: "far", source: "east", target: "north" }];
    const rows = await collect(runStandbys(more, { standbys, names: [], apply: true }));
    expect(rows.map(({ standby, created }) => [standby, created])).toEqual([
      ["dr", 2],
      ["far", 2],
    ]);
    expect(idsIn(house, "north")).toEqual(["invoices", "receipts"]);
    const folders = (await pathsOf(house, copyLedgersOf(taskOf(house)))).map((path) => path.split("/")[3]);
    expect(new Set(folders).size).toBe(2);
  });

  it("is refused while another run works on it, and says who works since when", async () => {
    await using house = await furnished();
    await using _claim = await claimStandby(house.workspace, "dr", taskOf(house), {});
    expect(await house.run()).toMatchObject([
      { state: "failed", error: { code: "task-busy", message: expect.stringContaining(`${process.pid}`) } },
    ]);
    expect(idsIn(house, "west")).toEqual([]);
  });

  it("names what could not be copied, goes on with the rest, and has it in the status", async () => {
    await using house = await furnished();
    house.sandbox.faults.add({
      kind: "status",
      status: 404,
      match: { resource: "east", path: "/documentintelligence/documentModels/invoices:copyTo" },
    });
    expect(await house.run()).toMatchObject([
      {
        state: "incomplete",
        created: 1,
        failed: 1,
        failures: [{ key: "models/invoices", action: "failed" }],
        routes: { ready: 1, missing: 1 },
      },
    ]);
    expect(await house.status()).toMatchObject([{ failed: 1, copies: { missing: 1 } }]);
    house.sandbox.faults.clear();
    expect(await house.run()).toMatchObject([{ state: "applied", created: 1, routes: { generation: 2 } }]);
  });

  it("recognises its copies when the ledger is gone or does not read, and says so", async () => {
    await using house = await furnished();
    await house.run();
    const { storage } = house.repository;
    for (const path of await pathsOf(house, copyLedgersOf(taskOf(house)))) {
      await storage.remove(path);
      await storage.create(path, Buffer.from("something else"));
    }
    expect(await house.run()).toMatchObject([{ created: 0, failed: 0 }]);
    expect(house.warnings).toEqual([expect.stringContaining("recognised by their marks")]);
    expect(idsIn(house, "west")).toEqual(["invoices", "receipts"]);
  });

  it("copies into a resource that is encrypted less only with the configured consent", async () => {
    for (const allowDowngrade of [false, true]) {
      await using house = await openFormHouse(V4, allowDowngrade ? { allowDowngrade } : {}, {
        encrypted: true,
      });
      train(house, "invoices");
      await house.backUp();
      expect(await house.run()).toMatchObject([
        allowDowngrade
          ? { state: "applied", created: 1 }
          : { state: "failed", error: { message: expect.stringContaining("allowDowngrade") } },
      ]);
    }
  });

  it("tells of copies that have expired or soon will", async () => {
    await using house = await openFormHouse();
    const { clock } = house;
    const at = (days: number): string =>
      new Date(clock.now() + days * 86_400_000).toISOString().replace(".000Z", "Z");
    train(house, "soon", { expires: at(30) });
    train(house, "later", { expires: at(300) });
    await house.backUp();
    await house.run();
    expect(await house.status()).toMatchObject([{ copies: { expired: 0, expiring: 1 } }]);
    clock.advance(31 * 86_400_000);
    expect(await house.status()).toMatchObject([{ copies: { expired: 1, expiring: 0 } }]);
  });
});

describe("failing over", () => {
  it("finds everything with the source dead, and asks the source nothing", async () => {
    await using house = await furnished();
    await house.run();
    await house.sandbox.kill("east");
    const table = await house.failover();
    expect(table).toMatchObject({
      format: "holdfast-routing/1",
      standby: "dr",
      source: "east",
      generation: 1,
      target: { name: "west", region: "westus2", apiVersion: V4 },
      routes: [
        { item: "models/invoices", state: "ready", target: "invoices", level: "metadata" },
        { item: "models/receipts", state: "ready", target: "receipts", level: "metadata" },
      ],
      missing: [],
    });
  });

  it("says what is missing and what would help, and that this was never published", async () => {
    await using house = await furnished();
    await house.run();
    await house.deleteModel("west", "invoices");
    const table = await house.failover();
    expect(table).toMatchObject({
      generation: null,
      routes: [{ item: "models/receipts" }],
      missing: [{ item: "models/invoices", detail: expect.stringMatching(/./) }],
    });
  });

  it("finds the models of an earlier day", async () => {
    await using house = await furnished();
    await house.run();
    train(house, "orders");
    await house.backUp();
    const table = await house.failover({ at: "latest~1" });
    expect(table.routes.map(({ item }) => item)).toEqual(["models/invoices", "models/receipts"]);
    expect(table.missing).toEqual([]);
  });

  it("says so where nothing was kept, and where no such standby is configured", async () => {
    await using house = await openFormHouse();
    await expect(house.failover()).rejects.toMatchObject({
      code: "source-unknown",
      message: expect.stringContaining("Nothing has been kept of east"),
    });
  });
});

describe("restoring from a standby", () => {
  it("copies back what was lost, with the standby as the lender", async () => {
    await using house = await furnished();
    await house.run();
    await house.deleteModel("east", "invoices");
    house.clock.advance(60_000);
    const { workspace, standbys } = house;
    const request = {
      task: TASK,
      scope: { items: ["models/invoices"] },
      target: { inPlace: true },
      apply: true,
    };
    const without = await restore(workspace, request);
    expect(without.failures).toMatchObject([{ key: "models/invoices", action: "failed" }]);
    const [fromStandby] = standbys;
    house.clock.advance(60_000);
    const report = await restore(workspace, {
      ...request,
      ...(fromStandby && { fromStandby }),
    });
    expect(report).toMatchObject({ counts: { create: 1, failed: 0 }, failures: [] });
    expect(idsIn(house, "east")).toEqual(["invoices", "receipts"]);
  });

  it("copies into a third resource with the source dead", async () => {
    await using house = await furnished();
    await house.run();
    await house.sandbox.kill("east");
    await house.sandbox.addResource({ name: "north", region: "northeurope" });
    await using workspace = await house.reconnect(["east", "west", "north"]);
    const [fromStandby] = house.standbys;
    const report = await restore(workspace, {
      task: TASK,
      scope: {},
      target: { source: "north" },
      apply: true,
      ...(fromStandby && { fromStandby }),
    });
    expect(report).toMatchObject({ target: "north/resource", counts: { create: 2, failed: 0 } });
    expect(idsIn(house, "north")).toEqual(["invoices", "receipts"]);
  });

  it("refuses a standby of another source", async () => {
    await using house = await furnished();
    const fromStandby = { name: "back", source: "west", target: "east" };
    const request = { task: TASK, scope: {}, target: { inPlace: true }, apply: false, fromStandby };
    await expect(restore(house.workspace, request)).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("has nothing of east"),
    });
  });
});
