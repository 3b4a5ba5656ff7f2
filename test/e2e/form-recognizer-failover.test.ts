/**
 * Two regions: what is kept of one and copied into the other answers for it when it is dead, and applications find their models by the table
 * that a failover writes.
 */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { RoutedItem, RoutingTable } from "../../src/model/routing-table.ts";
import { openFormHouse, type FormHouse } from "./form-house.ts";

const DOCUMENT = Buffer.from("%PDF-1.4 a form that somebody filled in");

/** What an application does that knows the routing table and the standby's key, and nothing else. */
async function analyse(
  { sandbox }: FormHouse,
  table: RoutingTable,
  route: RoutedItem | undefined,
): Promise<{ status: string }> {
  const { endpoint, apiVersion = "", name } = table.target;
  const id = route?.target ?? "";
  const path = apiVersion.startsWith("v2")
    ? `/formrecognizer/${apiVersion}/custom/models/${id}/analyze`
    : `/${apiVersion === "2022-08-31" ? "formrecognizer" : "documentintelligence"}/documentModels/${id}:analyze?api-version=${apiVersion}`;
  const headers = { "Ocp-Apim-Subscription-Key": sandbox.resource(name).keys[0] };
  const begun = await fetch(endpoint + path, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/pdf" },
    body: DOCUMENT,
  });
  expect([begun.status, await begun.text()]).toEqual([202, ""]);
  const answer = await fetch(begun.headers.get("operation-location") ?? "", { headers });
  return (await answer.json()) as { status: string };
}

/** As a reader in another language does it: members sorted, no spaces. */
function digestOf(routes: readonly RoutedItem[]): string {
  const sorted = routes.map((route) =>
    Object.fromEntries(Object.entries(route).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

it.each(["v2.1", "2022-08-31", "2024-11-30"] as const)(
  "%s: the standby answers for a dead region, and applications find every model in it",
  async (apiVersion) => {
    await using house = await openFormHouse(apiVersion);
    const { sandbox } = house;
    const isV2 = apiVersion === "v2.1";
    for (const name of ["invoices", "receipts"])
      sandbox.makeModel("east", isV2 ? { name, apiVersion } : { id: name, apiVersion });
    const ids = sandbox.models("east").map(({ id }) => id);
    await house.backUp();
    expect(await house.run()).toMatchObject([{ state: "applied", created: 2, failed: 0 }]);

    await sandbox.kill("east");
    house.clock.advance(3_600_000);
    const folder = await mkdtemp(join(tmpdir(), "holdfast-failover-"));
    try {
      const out = join(folder, "routing.json");
      const table = await house.failover({ out });
      expect(JSON.parse(await readFile(out, "utf8"))).toEqual(table);
      expect(await readdir(folder)).toEqual(["routing.json"]);
      expect(table.missing).toEqual([]);
      expect(table.routes.map(({ item }) => item).sort()).toEqual(ids.map((id) => `models/${id}`).sort());
      expect(table.routes.map(({ state, level }) => [state, level])).toEqual([
        ["ready", "metadata"],
        ["ready", "metadata"],
      ]);
      expect(table.sha256).toBe(digestOf(table.routes));
      for (const route of table.routes)
        expect(await analyse(house, table, route)).toMatchObject({ status: "succeeded" });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    // A run says plainly that it cannot reach the source, and takes nothing away from the standby.
    expect(await house.run()).toMatchObject([{ state: "failed", error: { code: "source-unreachable" } }]);
    expect((await house.failover()).routes).toHaveLength(2);

    await sandbox.revive("east");
    expect(await house.run()).toMatchObject([{ state: "in-step", created: 0, deleted: 0 }]);
  },
);

it("leaves a file that is there as it was when the standby cannot be asked", async () => {
  await using house = await openFormHouse();
  house.sandbox.makeModel("east", { id: "invoices", apiVersion: "2024-11-30" });
  await house.backUp();
  await house.run();
  const folder = await mkdtemp(join(tmpdir(), "holdfast-failover-"));
  try {
    const out = join(folder, "routing.json");
    await house.failover({ out });
    const before = await readFile(out, "utf8");
    await house.sandbox.kill("west");
    await expect(house.failover({ out })).rejects.toMatchObject({ code: "source-unreachable" });
    expect(await readFile(out, "utf8")).toBe(before);
    expect(await readdir(folder)).toEqual(["routing.json"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
