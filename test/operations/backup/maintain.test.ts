import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../../src/model/errors.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import { backup, type BackupRequest } from "../../../src/operations/backup.ts";
import { listDeltas } from "../../../src/operations/deltas.ts";
import type { RunReport } from "../../../src/operations/reports.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import { generationIn, TASKS } from "../../../src/repository/paths.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { keyringOf, keyringParts } from "../../../src/repository/sealing/open-keyring.ts";
import { collect, openHouse, sourceAt, type House } from "../../e2e/house.ts";
import { interposed } from "../../timeline/rollup/rig.ts";

const RUNS = 9;
const KEEP = { daily: 2 };

function workspaceOn(house: House, repository: Repository = house.repository): Workspace {
  const settings = sourceAt(house.url, ["orders"]);
  const policy = [{ settings: { keep: KEEP }, origin: () => "test" }];
  return new Workspace(repository, [{ ...settings, policy }], house.clock);
}

/** Daily runs, each after a change. */
async function runs(
  house: House,
  workspace: Workspace,
  request: Partial<BackupRequest> = {},
): Promise<RunReport[]> {
  await house.couch.json("PUT", "orders");
  const reports: RunReport[] = [];
  for (let day = 0; day < RUNS; day++) {
    await house.couch.json("PUT", `orders/day-${day}`, { day });
    reports.push(...(await collect(backup(workspace, { select: ["prod"], ...request }))));
    house.clock.advance(DAY_MS);
  }
  return reports;
}

const levels = async (workspace: Workspace): Promise<string[]> =>
  (await listDeltas(workspace, { task: "orders" })).map(({ level }) => level).toReversed();

describe("what follows a backup", () => {
  it("is the rollup and the cleanup that the policy asks for", async () => {
    await using house = await openHouse();
    const workspace = workspaceOn(house);
    const reports = await runs(house, workspace);
    expect(reports.map(({ maintenance }) => maintenance?.error)).toEqual(reports.map(() => undefined));
    expect(reports[0]?.maintenance).toMatchObject({ rolledUp: 0, dropped: 0, refused: null });
    const total = (pick: (run: RunReport) => number): number =>
      reports.reduce((sum, run) => sum + pick(run), 0);
    // The first of January 2026 is a Thursday: one week has closed, the next one gathers.
    expect(await levels(workspace)).toEqual(["baseline", "weekly", "weekly", "daily", "daily"]);
    expect(total((run) => run.maintenance?.dropped ?? 0)).toBe(4);
    expect(total((run) => run.maintenance?.cleanedFiles ?? 0)).toBeGreaterThan(0);
  });

  it("is nothing when it is switched off", async () => {
    await using house = await openHouse();
    const workspace = workspaceOn(house);
    const reports = await runs(house, workspace, { maintain: false });
    expect(reports.every((run) => run.maintenance === undefined)).toBe(true);
    expect(await levels(workspace)).toHaveLength(RUNS);
  });

  it("is nothing for a key that may not read: another process rolls up", async () => {
    await using house = await openHouse();
    const reader = house.repository;
    const { masters, dataKeys } = keyringParts(reader.keyring);
    const keyring = keyringOf({ repository: masters.repository, write: masters.write }, dataKeys);
    const reports = await runs(house, workspaceOn(house, { ...reader, keyring }));
    expect(reports.map(({ state, maintenance }) => [state, maintenance])).toEqual(
      reports.map(() => ["committed", undefined]),
    );
  });

  it("never fails the run, and tells what went wrong", async () => {
    await using house = await openHouse();
    const { repository } = house;
    await runs(house, workspaceOn(house), { maintain: false });
    let commits = 0;
    const failing = interposed(repository.storage, (call, path) => {
      if (call !== "create" || generationIn(path) === undefined) return;
      commits += 1;
      if (commits > 1) throw new HoldfastError("storage-full", "The disk is full.");
    });
    const workspace = workspaceOn(house, { ...repository, storage: failing });
    await house.couch.json("PUT", "orders/last", { day: "last" });
    const [report] = await collect(backup(workspace, { select: ["prod"] }));
    expect(report).toMatchObject({
      state: "committed",
      maintenance: { rolledUp: 0, error: { code: "storage-full", message: "The disk is full." } },
    });
    expect(report).not.toHaveProperty("error");
    expect(await levels(workspace)).toHaveLength(RUNS + 1);
  });

  it("is told as interrupted when it is stopped in the middle: the run is kept", async () => {
    await using house = await openHouse();
    const { repository } = house;
    await runs(house, workspaceOn(house), { maintain: false });
    const stop = new AbortController();
    let commits = 0;
    const stopping = interposed(repository.storage, (call, path) => {
      if (call === "create" && generationIn(path) !== undefined) commits += 1;
      else if (commits > 0 && call === "create" && path.startsWith(TASKS)) stop.abort();
    });
    const workspace = workspaceOn(house, { ...repository, storage: stopping });
    await house.couch.json("PUT", "orders/last", { day: "last" });
    const reports: RunReport[] = [];
    for await (const report of backup(workspace, { select: ["prod/orders"] }, { signal: stop.signal }))
      reports.push(report);
    expect(reports).toMatchObject([{ state: "committed", maintenance: { error: { code: "interrupted" } } }]);
  });
});
