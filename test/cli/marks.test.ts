import { expect, it } from "vitest";
import type { AnomalyRow, DeltaRow, RunReport, TaskSummary } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, yields } from "./harness.ts";

const MARK: AnomalyRow = {
  kind: "mass-deletion",
  message: "400 of 500 items (80 %) that were kept are gone. The last good run is 2026-11-20T02:00:01Z.",
  observed: 0.8,
  threshold: 0.3,
};
const FROZEN = { since: "2026-11-21T02:00:02.000Z", run: "1", lastGood: "2026-11-20T02:00:01Z" };
const RUN: RunReport = {
  run: "1",
  task: "backup-1",
  source: "prod",
  collection: "orders",
  state: "committed",
  kind: "delta",
  level: "daily",
  startedAt: "2026-11-21T02:00:00Z",
  endedAt: "2026-11-21T02:00:01Z",
  instant: "2026-11-21T02:00:01Z",
  live: 0,
  deleted: 400,
  purged: 0,
  blobs: 0,
  bodyBytes: 0,
  storedBytes: 2_048,
  requests: 3,
  durationMs: 1_250,
  warnings: [],
};
const MARKED: RunReport = { ...RUN, anomalies: [MARK], frozen: FROZEN };

async function tasks(row: TaskSummary): Promise<string> {
  return (await holdfast(["tasks"], configured({ listTasks: async () => [row] }))).stdout;
}

it("backup shows a marked run with its figures and what to do, and says 39", async () => {
  const { exit, stdout } = await holdfast(["backup"], configured({ backup: yields(MARKED) }));
  expect(exit).toBe(39);
  expect(stdout.split("\n").slice(0, 4)).toEqual([
    expect.stringMatching(/^MARKED {2}prod\/orders/),
    `        marked ${MARK.message}`,
    "        frozen since 2026-11-21T02:00:02Z: no rollup and no cleanup until a person has looked:",
    "        holdfast diff prod/orders 2026-11-20T02:00:01Z latest, then holdfast retention acknowledge prod/orders --reason TEXT",
  ]);
  const json = await holdfast(["backup", "--json"], configured({ backup: yields(MARKED) }));
  expect([json.exit, jsonLines(json.stdout)]).toEqual([39, [MARKED]]);
});

it("a run that failed outweighs a marked one, and an ordinary run of a frozen task is no mark", async () => {
  const failed: RunReport = { ...RUN, state: "failed", error: { code: "storage-full", message: "No room." } };
  expect((await holdfast(["backup"], configured({ backup: yields(MARKED, failed) }))).exit).toBe(3);
  const ordinary = await holdfast(["backup"], configured({ backup: yields({ ...RUN, frozen: FROZEN }) }));
  expect([ordinary.exit, ordinary.stdout]).toEqual([0, expect.stringContaining("frozen since")]);
});

it("tasks, runs and deltas show marks where there are some", async () => {
  const task: TaskSummary = {
    task: "backup-1",
    source: "prod",
    kind: "couchdb",
    collection: "orders",
    epoch: 1,
    instants: 2,
    oldest: "2026-11-20T02:00:01Z",
    latest: "2026-11-21T02:00:01Z",
    nextDue: "2026-11-22T02:00:00.000Z",
    storedBytes: 1,
  };
  expect(await tasks(task)).not.toContain("STATE");
  expect(await tasks({ ...task, frozen: FROZEN })).toMatch(/ frozen since 2026-11-21T02:00:02Z\n$/);
  const runs = await holdfast(["runs", "prod/orders"], configured({ listRuns: yields(MARKED, RUN) }));
  expect(runs.stdout).toMatch(/Z +marked +delta[^]*Z +committed +delta/);
  const delta: DeltaRow = {
    ...RUN,
    id: "1",
    epoch: 1,
    level: "daily",
    from: null,
    to: "2026-11-21T02:00:01Z",
    segments: 1,
  };
  const said = { at: "2026-11-22T00:00:00Z", reason: "r", expected: false };
  const rows = [
    { ...delta, anomalies: [MARK] },
    { ...delta, anomalies: [{ ...MARK, acknowledged: said }] },
    delta,
  ];
  const deltas = await holdfast(["deltas", "prod/orders"], configured({ listDeltas: async () => rows }));
  const lines = deltas.stdout.split("\n");
  expect(lines[1]).toMatch(/ mass-deletion$/);
  expect(lines[2]).toMatch(/ mass-deletion \(acknowledged\)$/);
});

it("retention acknowledge wants a reason, and tells what it acknowledged", async () => {
  const requests: unknown[] = [];
  const answer = { task: "backup-1", source: "prod", collection: "orders", reason: "r", expected: true };
  const runs = [{ run: "1", instant: "2026-11-21T02:00:01Z", anomalies: [MARK] }];
  const scene = configured({
    acknowledge: async (_workspace, request) => {
      requests.push(request);
      return {
        ...answer,
        runs: requests.length === 1 ? runs : [],
        freeze: requests.length === 1 ? FROZEN : null,
      };
    },
  });
  const words = ["retention", "acknowledge", "prod/orders"];
  expect((await holdfast(words, scene)).exit).toBe(2);
  const done = await holdfast([...words, "--reason", "r", "--expected"], scene);
  expect(requests).toEqual([{ task: "prod/orders", reason: "r", expected: true }]);
  expect(done.stdout).toBe(
    `prod/orders: 1 marked run acknowledged; rollup and cleanup go on.\n    2026-11-21T02:00:01Z  ${MARK.message}\n`,
  );
  expect((await holdfast([...words, "--reason", "r"], scene)).stdout).toContain("nothing is marked");
});
