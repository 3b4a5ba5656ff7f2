import { describe, expect, it } from "vitest";
import type { RolledUpRow, RollupReport, RunReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, yields, type Scene } from "./harness.ts";

const day = (number: number): string => `2026-01-${String(number).padStart(2, "0")}T02:00:00Z`;

const WEEK: RolledUpRow = {
  id: "4c2870762f83b7668e711d5e01b332f2",
  level: "weekly",
  from: day(1),
  to: day(4),
  how: "merged",
  inputs: [day(2), day(3), day(4)],
  readBytes: 4_096,
  writtenBytes: 2_048,
};
const OPEN: RolledUpRow = {
  ...WEEK,
  id: "589906949eee7854b3a823749230a501",
  from: day(4),
  to: day(10),
  how: "gathered",
  inputs: [5, 6, 7, 8, 9, 10].map(day),
  readBytes: 0,
  writtenBytes: 0,
};
const REPORT: RollupReport = {
  task: "backup-1",
  source: "prod",
  collection: "orders",
  dryRun: false,
  generation: 12,
  refused: null,
  rolledUp: [WEEK, OPEN],
  drops: [{ instant: day(2), level: "weekly", into: { level: "weekly", bucket: "2026-W01" }, rule: "keep" }],
  readBytes: 4_096,
  writtenBytes: 2_048,
  durationMs: 40,
};

function rolling(asked: unknown[], change: Partial<RollupReport> = {}): Scene {
  return configured({
    rollup: async function* (_workspace, request) {
      asked.push(request);
      yield { ...REPORT, dryRun: request.dryRun, ...change };
    },
  });
}

describe("rollup", () => {
  it("says which instants were given up and what was made of what", async () => {
    const asked: unknown[] = [];
    const { exit, stdout } = await holdfast(["rollup", "prod/orders", "--compact"], rolling(asked));
    expect(asked).toEqual([{ tasks: ["prod/orders"], dryRun: false, compact: true }]);
    expect(exit).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "prod/orders: 1 instant given up, 4.0 KiB read, 2.0 KiB written.",
      "    weekly    2026-01-04T02:00:00Z  merged from 2026-01-02T02:00:00Z, 2026-01-03T02:00:00Z, 2026-01-04T02:00:00Z",
      "    weekly    2026-01-10T02:00:00Z  gathered from 2026-01-05T02:00:00Z, 2026-01-06T02:00:00Z, 2026-01-07T02:00:00Z, 2026-01-08T02:00:00Z and 2 more",
      "",
    ]);
  });

  it("only says what it would do in a dry run", async () => {
    const asked: unknown[] = [];
    const { stdout } = await holdfast(["rollup", "--dry-run"], rolling(asked, { rolledUp: [WEEK] }));
    expect(asked).toEqual([{ tasks: [], dryRun: true, compact: false }]);
    expect(stdout.split("\n")[0]).toBe("prod/orders: 1 instant would be given up.");
  });

  it("is one report a line as JSON", async () => {
    const { stdout } = await holdfast(["rollup", "--json"], rolling([]));
    expect(jsonLines(stdout)).toEqual([REPORT]);
  });

  it("is 3 when an anomaly was not acknowledged", async () => {
    const frozen = { refused: "frozen", rolledUp: [], drops: [], generation: null } as const;
    const { exit, stdout } = await holdfast(["rollup"], rolling([], frozen));
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^frozen {2}prod\/orders: .*acknowledges/);
  });

  it("says so when nothing is due, and when there is no task", async () => {
    const idle = await holdfast(["rollup"], rolling([], { rolledUp: [], drops: [], generation: null }));
    expect([idle.exit, idle.stdout]).toEqual([0, "prod/orders: nothing to roll up.\n"]);
    const none = await holdfast(["rollup"], configured({ rollup: yields() }));
    expect([none.exit, none.stderr]).toEqual([0, "There is no task to roll up.\n"]);
  });
});

function kept(maintenance: RunReport["maintenance"]): RunReport {
  return {
    run: "1",
    task: "backup-1",
    source: "prod",
    collection: "orders",
    state: "committed",
    kind: "delta",
    level: "daily",
    startedAt: day(1),
    endedAt: day(1),
    instant: day(1),
    live: 1,
    deleted: 0,
    purged: 0,
    blobs: 0,
    bodyBytes: 0,
    storedBytes: 10,
    requests: 1,
    durationMs: 1,
    warnings: [],
    ...(maintenance === undefined ? {} : { maintenance }),
  };
}

describe("backup", () => {
  const done = { rolledUp: 2, dropped: 3, cleanedFiles: 1, cleanedBytes: 2_048, refused: null };

  it("tells what the rollup and the cleanup after it did", async () => {
    const { exit, stdout } = await holdfast(["backup"], configured({ backup: yields(kept(done)) }));
    expect(exit).toBe(0);
    expect(stdout).toContain("        3 instants merged into coarser ones; 1 file cleaned up, 2.0 KiB\n");
  });

  it("is 3 when they failed though the run was kept, and says both", async () => {
    const error = { code: "storage-full", message: "The disk is full." };
    const failed = kept({ ...done, error });
    const { exit, stdout } = await holdfast(["backup"], configured({ backup: yields(failed) }));
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^ok /);
    expect(stdout).toContain("kept, but rollup and cleanup failed: The disk is full. (storage-full)\n");
  });

  it("does neither with --no-rollup", async () => {
    const asked: unknown[] = [];
    const backup = async function* (_workspace: unknown, request: unknown): AsyncGenerator<RunReport> {
      asked.push(request);
      yield kept(undefined);
    };
    await holdfast(["backup", "--no-rollup"], configured({ backup }));
    await holdfast(["backup"], configured({ backup }));
    expect(asked).toMatchObject([{ maintain: false }, { maintain: true }]);
  });
});
