import { expect, it } from "vitest";
import { acknowledge } from "../../src/operations/acknowledge.ts";
import { backup } from "../../src/operations/backup.ts";
import { listDeltas } from "../../src/operations/deltas.ts";
import type { RunReport } from "../../src/operations/reports.ts";
import { listRuns } from "../../src/operations/runs.ts";
import { listTasks } from "../../src/operations/tasks.ts";
import { keyringOf, keyringParts } from "../../src/repository/sealing/open-keyring.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { collect, openHouse, sourceAt, type House } from "../e2e/house.ts";

const DAY = 86_400_000;
const DOCUMENTS = 150;

interface Row {
  readonly _id: string;
  readonly _rev?: string;
  readonly _deleted?: true;
}

async function bulk(house: House, docs: readonly Row[]): Promise<Row[]> {
  const rows = (await house.couch.json("POST", "orders/_bulk_docs", { docs })) as {
    id: string;
    rev: string;
  }[];
  return rows.map(({ id, rev }) => ({ _id: id, _rev: rev }));
}

async function run(workspace: Workspace): Promise<RunReport> {
  const [report] = await collect(backup(workspace, { select: ["prod/orders"] }));
  return report as RunReport;
}

/** A database of which one run finds two thirds deleted. */
async function struck(
  house: House,
  workspace = house.workspace,
): Promise<{ left: Row[]; marked: RunReport }> {
  await house.couch.json("PUT", "orders");
  const docs = await bulk(
    house,
    Array.from({ length: DOCUMENTS }, (_, index) => ({ _id: `order:${String(index).padStart(4, "0")}` })),
  );
  expect(await run(workspace)).not.toHaveProperty("anomalies");
  house.clock.advance(DAY);
  await bulk(
    house,
    docs.slice(0, 100).map((doc) => ({ ...doc, _deleted: true })),
  );
  return { left: docs.slice(100), marked: await run(workspace) };
}

it("a run that finds most items deleted is kept, marked and told everywhere, and freezes retention until a person has looked", async () => {
  await using house = await openHouse();
  const { workspace, clock } = house;
  const { marked, left } = await struck(house);
  const mark = {
    kind: "mass-deletion",
    message: expect.stringMatching(
      /^100 of 15\d items \(6\d %\) that were kept are gone; up to 30 % is ordinary\. The last good run is 2026-01-01T02:00:\d\dZ\.$/,
    ),
  };
  expect(marked).toMatchObject({
    state: "committed",
    anomalies: [mark],
    frozen: { run: marked.run, lastGood: expect.stringMatching(/^2026-01-01/) },
    maintenance: { refused: "frozen" },
  });
  expect(await listTasks(workspace)).toMatchObject([{ frozen: { run: marked.run } }]);
  expect(await listDeltas(workspace, { task: "orders" })).toMatchObject([
    { anomalies: [mark] },
    { level: "baseline" },
  ]);
  expect((await collect(listRuns(workspace, { task: "orders" })))[0]).toMatchObject({ anomalies: [mark] });

  clock.advance(DAY);
  await bulk(
    house,
    left.slice(0, 1).map((doc) => ({ ...doc, _deleted: true })),
  );
  const next = await run(workspace);
  expect(next).not.toHaveProperty("anomalies");
  expect(next.frozen?.run).toBe(marked.run);

  const report = await acknowledge(workspace, { task: "orders", reason: "ticket 7" });
  expect(report).toMatchObject({
    runs: [
      { run: marked.run, anomalies: [{ ...mark, acknowledged: { reason: "ticket 7", expected: false } }] },
    ],
    freeze: { run: marked.run },
  });
  const [task] = await listTasks(workspace);
  expect(task).not.toHaveProperty("frozen");
  expect(await listDeltas(workspace, { task: "orders" })).toMatchObject([
    {},
    { anomalies: [{ acknowledged: { reason: "ticket 7" } }] },
    {},
  ]);
  expect(await acknowledge(workspace, { task: "orders", reason: "again" })).toMatchObject({
    runs: [],
    freeze: null,
  });
});

it("what was expected counts as good and is not marked when it comes again; what was not is marked again", async () => {
  for (const expected of [true, false]) {
    await using house = await openHouse();
    const { workspace, clock } = house;
    await house.couch.json("PUT", "orders");
    const fill = async (day: number, count: number): Promise<Row[]> =>
      bulk(
        house,
        Array.from({ length: count }, (_, index) => ({ _id: `${day}:${String(index).padStart(4, "0")}` })),
      );
    let docs = await fill(0, 400);
    await run(workspace);
    const clearOut = async (day: number): Promise<RunReport> => {
      clock.advance(DAY);
      await bulk(
        house,
        docs.slice(0, 180).map((doc) => ({ ...doc, _deleted: true })),
      );
      docs = [...docs.slice(180), ...(await fill(day, 180))];
      return run(workspace);
    };
    const first = await clearOut(1);
    expect(first.anomalies).toMatchObject([{ kind: "mass-deletion" }]);
    await acknowledge(workspace, { task: "orders", reason: "clean-out", expected });
    const second = await clearOut(2);
    if (expected) expect(second).not.toHaveProperty("anomalies");
    else {
      expect(second.anomalies?.[0]?.message).toMatch(/The last good run is 2026-01-01/);
    }
  }
});

it("a write-only agent marks runs like any other", async () => {
  await using house = await openHouse();
  const { masters, dataKeys } = keyringParts(house.repository.keyring);
  const { repository, write } = masters;
  const publicKeys = [...dataKeys].map(
    ([number, { generation, publicKey }]) => [number, { generation, publicKey }] as const,
  );
  const keyring = keyringOf({ repository, write }, new Map(publicKeys));
  const sources = [sourceAt(house.url, ["*"])];
  await using agent = new Workspace({ ...house.repository, keyring }, sources, house.clock);
  const { marked } = await struck(house, agent);
  expect(marked.anomalies).toMatchObject([{ kind: "mass-deletion" }]);
});

it("an acknowledgement needs a reason", async () => {
  await using house = await openHouse();
  await expect(acknowledge(house.workspace, { task: "prod/orders", reason: " " })).rejects.toMatchObject({
    code: "usage",
  });
});
