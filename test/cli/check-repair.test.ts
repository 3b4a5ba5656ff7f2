import { describe, expect, it } from "vitest";
import type { CheckReport, RepairedObject, RepairReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines } from "./harness.ts";

const CHECKED: CheckReport = {
  ok: true,
  tasks: 1,
  segments: 4,
  packs: 1,
  bytesRead: 2_048,
  findings: [],
  durationMs: 40,
};
const DAY_MS = 86_400_000;

describe("check", () => {
  it("asks for a slice, which is a part of the data only", async () => {
    const asked: unknown[] = [];
    const operations = {
      check: async (_workspace: unknown, request: object) => {
        asked.push(request);
        return CHECKED;
      },
    };
    for (const words of [
      ["check", "--read-data", "--for", "10m"],
      ["check", "prod/orders", "--read-data", "--sample", "5%", "--window", "7d"],
      ["check", "--read-data"],
    ]) {
      expect((await holdfast(words, configured(operations))).exit).toBe(0);
    }
    expect(asked).toEqual([
      { readData: true, window: 30 * DAY_MS, slice: { forMs: 600_000 } },
      { task: "prod/orders", readData: true, window: 7 * DAY_MS, slice: { share: 0.05 } },
      { readData: true, window: 30 * DAY_MS },
    ]);
    for (const words of [
      ["--for", "10m"],
      ["--read-data", "--for", "soon"],
      ["--read-data", "--sample", "120%"],
    ])
      expect((await holdfast(["check", ...words], configured(operations))).exit).toBe(2);
    expect(asked).toHaveLength(3);
  });

  it("says in one line how much was read back lately", async () => {
    const since = "2026-10-22T12:00:00.000Z";
    const print = async (share: number, oldest: string | null, words: readonly string[] = []) => {
      const coverage = { bytes: 1_000, readBytes: share * 1_000, share, since, oldest };
      const check = async () => ({ ...CHECKED, coverage, taskCoverage: [] });
      const { stdout } = await holdfast(["check", ...words], configured({ check }));
      return stdout.split("\n")[1];
    };
    expect(await print(0.98, "2026-10-20T02:00:00.000Z")).toBe(
      "98 % of bytes read back in the last 30 days; the file read longest ago: 2026-10-20T02:00:00Z.",
    );
    expect(await print(0.99999, null, ["--window", "12h"])).toBe(
      "99.9 % of bytes read back in the last 12 hours; some files never were.",
    );
    expect(await print(1, "2026-11-20T02:00:00.000Z")).toMatch(/^100 % /);
  });
});

const OBJECT: RepairedObject = {
  task: "backup-1",
  path: "tasks/backup-1/segments/5",
  damage: "Block 3 does not open.",
  runs: ["r1"],
  instants: ["2026-11-20T02:00:00Z"],
  outcome: "repaired",
  found: [
    { place: "what is left of it", count: 900 },
    { place: "the copy in folder /mnt/copy", count: 100 },
  ],
  replacement: "tasks/backup-1/segments/6",
  lost: [],
  lostCount: 0,
  next: "",
};
const report = (...objects: RepairedObject[]): RepairReport => ({
  ok: objects.every(({ outcome }) => outcome === "repaired"),
  applied: true,
  tasks: 1,
  objects,
  recovered: 100,
  lost: objects.reduce((sum, { lostCount }) => sum + lostCount, 0),
  durationMs: 40,
});
const LOST: RepairedObject = {
  ...OBJECT,
  outcome: "unrepaired",
  replacement: null,
  lost: [
    { key: "order 7", from: "order 7", to: "order 7", count: 1 },
    { key: null, from: "a", to: "b", count: 2 },
  ],
  lostCount: 3,
  next: "Nothing was changed. Give up what is lost with --accept-loss.",
};
const run = async (outcome: RepairReport, ...words: string[]) => {
  const asked: unknown[] = [];
  const repair = async (_workspace: unknown, request: object) => {
    asked.push(request);
    return outcome;
  };
  return { ...(await holdfast(["repair", ...words], configured({ repair }))), asked };
};

describe("repair", () => {
  it("tells of each object what was wrong, where its content was found and what is lost, to the last version", async () => {
    const { exit, stdout } = await run(report(OBJECT, LOST));
    expect(exit).toBe(24);
    expect(stdout.split("\n")).toEqual([
      "repaired  tasks/backup-1/segments/5",
      "  damage    Block 3 does not open.",
      "  task      backup-1",
      "  instants  2026-11-20T02:00:00Z",
      "  found     900 in what is left of it, 100 in the copy in folder /mnt/copy",
      "  now       tasks/backup-1/segments/6",
      "unrepaired  tasks/backup-1/segments/5",
      "  damage    Block 3 does not open.",
      "  task      backup-1",
      "  instants  2026-11-20T02:00:00Z",
      "  found     900 in what is left of it, 100 in the copy in folder /mnt/copy",
      '  lost      "order 7"',
      '  lost      2 versions between "a" and "b"',
      "  next      Nothing was changed. Give up what is lost with --accept-loss.",
      "2 damaged objects: 1 repaired, 0 given up in part, 1 not repaired. 3 versions lost. Took 40 ms.",
      "",
    ]);
  });

  it("is 0 when all is whole, 34 when something was given up and the rest is whole", async () => {
    expect((await run(report(OBJECT))).exit).toBe(0);
    expect((await run(report())).stdout).toBe("Nothing is damaged. Looked at 1 task.\n");
    expect((await run(report(OBJECT, { ...LOST, outcome: "given-up" }))).exit).toBe(34);
  });

  it("asks for what the options say, and for all tasks by default", async () => {
    expect((await run(report(OBJECT), "--dry-run")).asked).toEqual([
      { fromSource: false, acceptLoss: false, readData: false, apply: false },
    ]);
    const options = ["--from", "/mnt/copy", "--from-source", "--accept-loss", "--read-data"];
    expect((await run(report(OBJECT), "prod/orders", "prod/users", ...options)).asked).toEqual([
      {
        tasks: ["prod/orders", "prod/users"],
        from: "/mnt/copy",
        fromSource: true,
        acceptLoss: true,
        readData: true,
        apply: true,
      },
    ]);
  });

  it("prints the whole report as one document with --json", async () => {
    const { stdout } = await run(report(LOST), "--json");
    expect(jsonLines(stdout)).toEqual([report(LOST)]);
  });
});
