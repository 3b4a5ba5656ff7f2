import { expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { readiness } from "../../src/operations/readiness.ts";
import { openFormHouse, type FormHouse } from "../e2e/form-house.ts";
import { collect } from "../e2e/house.ts";

const V4 = "2024-11-30";

/** Two models whose training data nobody has named. */
async function furnished(): Promise<FormHouse> {
  const house = await openFormHouse();
  for (const id of ["invoices", "receipts"]) house.sandbox.makeModel("east", { id, apiVersion: V4 });
  await house.backUp();
  return house;
}

async function verdicts({ workspace, standbys }: FormHouse, select: string) {
  const rows = await collect(readiness(workspace, { select, standbys }));
  return rows.map(({ key, verdict, copies, copyOf }) => ({ key, verdict, copies, copyOf }));
}

it("a model with a verified copy in a standby is not lost, and what is missing of it stays named", async () => {
  await using house = await furnished();
  expect(await verdicts(house, "east")).toMatchObject([{ verdict: "lost" }, { verdict: "lost" }]);
  await house.run();
  expect(await verdicts(house, "east")).toMatchObject([
    { key: "models/invoices", verdict: "degraded", copies: ["dr"] },
    { key: "models/receipts", verdict: "degraded", copies: ["dr"] },
  ]);
  const [row] = await collect(readiness(house.workspace, { select: "east", standbys: house.standbys }));
  expect(row?.missing[0]?.what).toMatch(/live copy/);
  const [alone] = await collect(readiness(house.workspace, { select: "east" }));
  expect(alone).toMatchObject({ verdict: "lost" });
});

it("the copy of an earlier training does not count", async () => {
  await using house = await furnished();
  await house.run();
  house.clock.advance(86_400_000);
  await house.sandbox.advance(86_400_000);
  house.sandbox.makeModel("east", { id: "invoices", apiVersion: V4, modified: "2026-01-02T02:00:00Z" });
  await house.backUp();
  expect(await verdicts(house, "east")).toMatchObject([
    { key: "models/invoices", verdict: "lost" },
    { key: "models/receipts", verdict: "degraded" },
  ]);
});

it("what a standby has made is told as a copy, not as lost, where the standby is backed up itself", async () => {
  await using house = await furnished();
  await house.run();
  const { workspace, standbys } = house;
  const [run] = await collect(backup(workspace, { select: ["west"], standbys }));
  expect(run?.readiness).toMatchObject({ counts: { lost: 0, partial: 0, degraded: 2 }, notRecoverable: [] });
  expect(await verdicts(house, "west")).toMatchObject([
    { key: "models/invoices", verdict: "degraded", copyOf: "east/resource models/invoices" },
    { key: "models/receipts", verdict: "degraded", copyOf: "east/resource models/receipts" },
  ]);
});
