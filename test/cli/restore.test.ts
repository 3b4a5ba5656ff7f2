import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RestoreReport } from "../../src/operations/reports.ts";
import type { RestoreOperation } from "../../src/operations/restore.ts";
import { CONFIG, configured, emptyFolder, holdfast, jsonLines, type Scene } from "./harness.ts";

function report(applied: boolean, more: Partial<RestoreReport> = {}): RestoreReport {
  return {
    restore: null,
    task: "backup-1",
    instant: "2026-11-20T02:00:00Z",
    target: "lab/orders-check",
    mode: "replica",
    applied,
    counts: { create: 1_200, change: 0, delete: 1, same: 3, newer: 0, unstable: 0, failed: 0 },
    samples: [
      { key: "a", action: "create" },
      { key: "b", action: "create" },
      { key: "z", action: "delete" },
    ],
    failures: [],
    durationMs: 2_000,
    undo: null,
    ...more,
  };
}

/** Restores that only remember what they were asked. */
function remembers(result: (applied: boolean) => RestoreReport = report) {
  const asked: RestoreOperation[] = [];
  const operations: Scene["operations"] = {
    restore: async (_workspace, request) => {
      asked.push(request);
      request.onItem?.({ key: "a", action: "create" });
      return result(request.apply);
    },
  };
  return { asked, operations };
}

describe("restore", () => {
  const words = ["restore", "lab/orders", "--all"];

  it("previews, asks, and does exactly what was previewed", async () => {
    const { asked, operations } = remembers();
    const {
      exit,
      stdout,
      asked: questions,
    } = await holdfast(
      [...words, "--at", "latest~1"],
      configured(operations, { terminal: true, answers: ["y"], env: { P: "p", NO_COLOR: "1" } }),
    );
    expect(exit).toBe(0);
    expect(questions).toEqual(["Write 1,201 items to lab/orders-check? [y/N] "]);
    expect(asked.map(({ apply, at }) => [apply, at])).toEqual([
      [false, "latest~1"],
      [true, "2026-11-20T02:00:00Z"],
    ]);
    expect(stdout.split("\n")).toEqual([
      "Preview: lab/orders-check as of 2026-11-20T02:00:00Z, mode replica",
      "  1,200  would be created  a, b, …",
      "      1  would be deleted  z",
      "      3  equal already",
      "Restored lab/orders-check as of 2026-11-20T02:00:00Z, mode replica",
      "  1,200  created  a, b, …",
      "      1  deleted  z",
      "      3  equal already",
      "  in 2.0 s",
      "",
    ]);
  });

  it("writes nothing without a clear yes", async () => {
    for (const answer of ["", "n", "no", "yess", "ja"]) {
      const { asked, operations } = remembers();
      const { exit } = await holdfast(words, configured(operations, { terminal: true, answers: [answer] }));
      expect([answer, exit, asked.map(({ apply }) => apply)]).toEqual([answer, 36, [false]]);
    }
  });

  it("without a terminal, or with --json, wants --yes or --dry-run before it does anything", async () => {
    for (const more of [{}, { terminal: true }]) {
      const { asked, operations } = remembers();
      const json = "terminal" in more ? ["--json"] : [];
      const { exit, stdout } = await holdfast([...words, ...json], configured(operations, more));
      expect([exit, stdout, asked]).toEqual([36, "", []]);
    }
  });

  it("acts at once with --yes and never with --dry-run", async () => {
    for (const [flag, applied] of [
      ["--yes", true],
      ["--dry-run", false],
    ] as const) {
      const { asked, operations } = remembers();
      expect((await holdfast([...words, flag], configured(operations))).exit).toBe(0);
      expect(asked.map(({ apply }) => apply)).toEqual([applied]);
    }
    expect((await holdfast([...words, "--yes", "--dry-run"], configured({}))).exit).toBe(2);
  });

  it("says 36 and names the items when some were not restored", async () => {
    const failures = [{ key: "bad", action: "failed", reason: "forbidden: no" }] as const;
    const { operations } = remembers((applied) =>
      report(applied, { counts: { ...report(true).counts, failed: 1 }, failures }),
    );
    const { exit, stdout } = await holdfast([...words, "--yes"], configured(operations));
    expect(exit).toBe(36);
    expect(stdout).toContain("  failed: bad (forbidden: no)\n");
  });

  it("passes on every choice", async () => {
    const { asked, operations } = remembers();
    const chosen = [
      "--to",
      "copy",
      "--to-source",
      "prod",
      "--mode",
      "exact",
      "--merge",
      "--replication-stopped",
      "--delete-newer",
    ];
    await holdfast(["restore", "lab/orders", "--prefix", "a:", ...chosen, "--yes"], configured(operations));
    expect(asked).toMatchObject([
      {
        task: "lab/orders",
        scope: { prefix: "a:" },
        target: { collection: "copy", source: "prod" },
        mode: "exact",
        merge: true,
        replicationStopped: true,
        newerItems: "delete",
      },
    ]);
  });

  it("takes items from words and a file, a partition, a selector, and everything only when told", async () => {
    const cwd = emptyFolder();
    writeFileSync(join(cwd, "holdfast.yaml"), CONFIG);
    writeFileSync(join(cwd, "ids"), "b\r\n\nc d\na\n");
    writeFileSync(join(cwd, "selector.json"), '{"type":"order"}');
    for (const [flags, scope] of [
      [["--id", "a", "b", "--ids-file", "ids"], { items: ["a", "b", "c d"] }],
      [["--partition", "p"], { partition: "p" }],
      [["--selector", '{"n":{"$gt":5}}'], { selector: { n: { $gt: 5 } } }],
      [["--selector", "@selector.json"], { selector: { type: "order" } }],
      [["--all"], {}],
    ] as const) {
      const { asked, operations } = remembers();
      await holdfast(["restore", "lab/orders", ...flags, "--yes"], { ...configured(operations), cwd });
      expect(asked[0]?.scope).toEqual(scope);
    }
    for (const flags of [
      [],
      ["--all", "--prefix", "x"],
      ["--selector", "[]"],
      ["--selector", "{"],
      ["--ids-file", "none"],
    ]) {
      const { asked, operations } = remembers();
      const { exit } = await holdfast(["restore", "lab/orders", ...flags, "--yes"], {
        ...configured(operations),
        cwd,
      });
      expect([flags, exit, asked]).toEqual([flags, 2, []]);
    }
  });

  it("lists every item with --list-items, as JSON lines before the report with --json", async () => {
    const { operations } = remembers();
    const flags = [...words, "--yes", "--list-items"];
    expect((await holdfast(flags, configured(operations))).stdout).toMatch(/^created: a\nRestored /);
    const { stdout } = await holdfast([...flags, "--json"], configured(operations));
    expect(jsonLines(stdout)).toEqual([{ item: { key: "a", action: "create" } }, { report: report(true) }]);
  });

  it("of a task named by its number goes on without the secret of a source that it may not need", async () => {
    const { operations } = remembers();
    const { exit, opened, stderr } = await holdfast(
      ["restore", `backup-${"0".repeat(32)}`, "--all", "--yes"],
      configured(operations, { env: { P: "p" } }),
    );
    expect(exit).toBe(0);
    expect(opened[0]?.sources.map(({ name }) => name)).toEqual(["lab"]);
    expect(stderr).toContain("warning: Could not read the API key of source prod");
  });

  it("in place tells how to take it back", async () => {
    const { operations } = remembers((applied) => report(applied, { undo: "77" }));
    const { stdout } = await holdfast(
      ["restore", "lab/orders", "--id", "a", "--in-place", "--at", "latest~1", "--yes"],
      configured(operations),
    );
    expect(stdout).toContain("To take it back: holdfast undo backup-1 77\n");
  });
});
