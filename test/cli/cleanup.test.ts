import { describe, expect, it } from "vitest";
import type { CleanupFile, CleanupReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, type Scene } from "./harness.ts";

const FILE: CleanupFile = {
  task: "backup-1",
  path: "tasks/backup-1/segments/5",
  bytes: 2_048,
  why: "retired",
  fate: "deleted",
};
const WAITING: CleanupFile = { ...FILE, path: "tasks/backup-1/blobs/6", why: "unreferenced", fate: "waits" };
const REPORT: CleanupReport = {
  task: "backup-1",
  source: "prod",
  collection: "orders",
  dryRun: false,
  refused: null,
  forgotten: ["2026-11-13T02:00:00Z"],
  files: 1,
  bytes: 2_048,
  waiting: 1,
  waitingBytes: 2_048,
  examples: [FILE, WAITING],
  swept: true,
  removed: { manifests: 0, checkpoints: 0, leases: 0, records: 0 },
  durationMs: 12,
};

function cleaning(asked: unknown[], change: Partial<CleanupReport> = {}): Scene {
  return configured({
    cleanup: async function* (_workspace, { onFile, ...request }) {
      asked.push(request);
      for (const file of REPORT.examples) onFile?.(file);
      yield { ...REPORT, dryRun: request.dryRun, ...change };
    },
  });
}

describe("cleanup", () => {
  it("says what was deleted, what waits and what can no longer be brought back", async () => {
    const asked: unknown[] = [];
    const { exit, stdout } = await holdfast(["cleanup", "prod/orders", "--sweep"], cleaning(asked));
    expect(asked).toEqual([{ tasks: ["prod/orders"], dryRun: false, sweep: true }]);
    expect(exit).toBe(0);
    expect(stdout.split("\n")).toEqual([
      "prod/orders: 1 file deleted, 2.0 KiB; 1 file waiting, 2.0 KiB.",
      "    no longer brought back: 2026-11-13T02:00:00Z",
      "    deleted   2.0 KiB  tasks/backup-1/segments/5  a rollup replaced it",
      "    waits     2.0 KiB  tasks/backup-1/blobs/6  nothing names it",
      "",
    ]);
  });

  it("only says what would be deleted in a dry run, with examples of many files", async () => {
    const { stdout } = await holdfast(
      ["cleanup", "--dry-run"],
      cleaning([], { files: 40, bytes: 81_920, waiting: 0, examples: [FILE], forgotten: [] }),
    );
    expect(stdout.split("\n")).toEqual([
      "prod/orders: 40 files would be deleted, 80 KiB.",
      "    delete    2.0 KiB  tasks/backup-1/segments/5  a rollup replaced it",
      "    and 39 more files: --list shows all",
      "",
    ]);
  });

  it("lists every file on demand, as text and as JSON", async () => {
    const { stdout } = await holdfast(["cleanup", "--list"], cleaning([]));
    expect(stdout.split("\n").slice(0, 3)).toEqual([
      "    deleted   2.0 KiB  tasks/backup-1/segments/5  a rollup replaced it",
      "    waits     2.0 KiB  tasks/backup-1/blobs/6  nothing names it",
      "prod/orders: 1 file deleted, 2.0 KiB; 1 file waiting, 2.0 KiB.",
    ]);
    const json = await holdfast(["cleanup", "--list", "--json"], cleaning([]));
    expect(jsonLines(json.stdout)).toEqual([{ file: FILE }, { file: WAITING }, { report: REPORT }]);
    expect(jsonLines((await holdfast(["cleanup", "--json"], cleaning([]))).stdout)).toEqual([REPORT]);
  });

  it("is 3 when an anomaly was not acknowledged", async () => {
    const { exit, stdout } = await holdfast(["cleanup"], cleaning([], { refused: "frozen" }));
    expect(exit).toBe(3);
    expect(stdout).toMatch(/^frozen {2}prod\/orders: .*acknowledges/);
  });

  it("says so when there is nothing to clean up", async () => {
    const nothing: Scene["operations"] = { cleanup: async function* () {} };
    const { exit, stdout, stderr } = await holdfast(["cleanup"], configured(nothing));
    expect([exit, stdout, stderr]).toEqual([0, "", "There is no task to clean up.\n"]);
  });
});
