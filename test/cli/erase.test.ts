import { describe, expect, it } from "vitest";
import type { EraseReport, ErasureRow } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, yields } from "./harness.ts";

const CERTIFICATE: ErasureRow = {
  erasure: "e1",
  task: "backup-1",
  source: "prod",
  collection: "people",
  itemHash: "ab12",
  at: "2026-11-21T12:00:00.000Z",
  reason: "request 7",
  generation: 9,
  completedAt: "2026-11-21T12:00:01.000Z",
  versions: [{ seen: "2026-11-20T02:00:00.500Z", instants: ["2026-11-20T02:00:01Z"] }],
  files: [
    {
      path: "tasks/backup-1/segments/aa",
      sha256: "11",
      into: [{ path: "tasks/backup-1/segments/bb", sha256: "22" }],
    },
    { path: "tasks/backup-1/segments/cc", sha256: null, into: [] },
  ],
  restores: ["r1"],
  notReached: ["The source."],
};

function report(more: Partial<EraseReport> = {}): EraseReport {
  return {
    ...CERTIFICATE,
    item: "person:7",
    applied: true,
    bytes: 2_048,
    blobs: 1,
    durationMs: 1_000,
    ...more,
  };
}

const PREVIEW = report({ applied: false, generation: null, completedAt: null });

describe("erase", () => {
  it("previews, asks, and prints the certificate with the item's name", async () => {
    const asked: (boolean | undefined)[] = [];
    const scene = configured(
      {
        erase: async (_workspace, { apply }) => {
          asked.push(apply);
          return apply === false ? PREVIEW : report();
        },
      },
      { terminal: true, answers: ["y"] },
    );
    const {
      exit,
      stdout,
      asked: questions,
    } = await holdfast(["erase", "prod/people", "person:7", "--reason", "request 7", "--no-color"], scene);
    expect([exit, asked]).toEqual([0, [false, true]]);
    expect(questions).toEqual(['Erase "person:7" and its one version for ever? [y/N] ']);
    for (const part of [
      'Preview: "person:7" of prod/people',
      "1 version would be removed",
      'Erased: "person:7" of prod/people',
      "seen 2026-11-20T02:00:00Z, kept at 2026-11-20T02:00:01Z",
      "2 files replaced, 2.0 KiB, with 1 blob that no other item has",
      "tasks/backup-1/segments/aa  11",
      "now tasks/backup-1/segments/bb  22",
      "nothing was left of it",
      "restore r1 can no longer be undone",
      "- The source.",
    ])
      expect(stdout).toContain(part);
  });

  it("erases nothing without consent", async () => {
    const operations = { erase: async () => PREVIEW };
    const refused = await holdfast(
      ["erase", "prod/people", "person:7"],
      configured(operations, { terminal: true, answers: ["n"] }),
    );
    expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining("Nothing was erased.")]);
    expect((await holdfast(["erase", "prod/people", "person:7"], configured({}))).exit).toBe(2);
    expect((await holdfast(["erase", "prod/people", "p", "--yes", "--dry-run"], configured({}))).exit).toBe(
      2,
    );
    const preview = await holdfast(["erase", "prod/people", "person:7", "--dry-run"], configured(operations));
    expect([preview.exit, preview.asked]).toEqual([0, []]);
  });

  it("says that it is not finished while somebody still reads the old files", async () => {
    const operations = { erase: async () => report({ completedAt: null }) };
    const words = ["erase", "prod/people", "person:7", "--yes"];
    const { exit, stdout } = await holdfast(words, configured(operations));
    expect([exit, stdout]).toEqual([3, expect.stringContaining("Erased, not finished:")]);
    const json = await holdfast([...words, "--json"], configured(operations));
    expect(jsonLines(json.stdout)).toEqual([report({ completedAt: null })]);
  });

  it("lists certificates by their hash", async () => {
    const operations = { listErasures: yields(CERTIFICATE) };
    const { stdout } = await holdfast(["erasures", "prod/people"], configured(operations));
    expect(stdout.split("\n")[1]).toMatch(
      /^e1 +2026-11-21T12:00:00Z +2026-11-21T12:00:01Z +1 +2 +request 7$/,
    );
  });
});
