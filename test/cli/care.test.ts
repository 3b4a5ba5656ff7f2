import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/model/errors.ts";
import type { CheckReport, CompareReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, yields, type Scene } from "./harness.ts";

describe("compare", () => {
  const equal: CompareReport = {
    task: "backup-1",
    instant: "2026-11-20T02:00:00Z",
    exactness: { precision: "second", instant: "2026-11-20T02:00:00Z", next: null },
    target: "lab/orders",
    equal: true,
    items: 2,
    parts: 3,
    blobs: 1,
    differences: [],
    differenceCount: 0,
    durationMs: 40,
  };

  it("is 0 for equal and 37 for different, which it shows", async () => {
    expect(
      await holdfast(["compare", "lab/orders"], configured({ compare: async () => equal })),
    ).toMatchObject({
      exit: 0,
      stdout:
        "Equal: lab/orders and the instant 2026-11-20T02:00:00Z\n  compared 2 items, 3 bodies, 1 blob in 40 ms\n",
    });
    const differences = [{ key: "a", difference: "missing", detail: "not in the target" }];
    const different = { ...equal, equal: false, differences, differenceCount: 1_500 };
    const { exit, stdout } = await holdfast(
      ["compare", "lab/orders"],
      configured({ compare: async () => different }),
    );
    expect(exit).toBe(37);
    expect(stdout).toContain("1,500 differences: lab/orders");
    expect(stdout).toContain("  missing   a: not in the target\n  and 1,499 more");
  });
});

describe("check", () => {
  it("is 24 for damage and names file, runs and items", async () => {
    const found: CheckReport = {
      ok: false,
      tasks: 1,
      segments: 4,
      packs: 0,
      bytesRead: 2_048,
      durationMs: 40,
      findings: [
        {
          severity: "error",
          code: "object-damaged",
          task: "backup-1",
          path: "tasks/backup-1/segments/5",
          message: "Block 3 does not open.",
          runs: ["r1"],
          instants: ["2026-11-20T02:00:00Z"],
          items: ["a", "b", "c", "d", "e", "f", "g"],
        },
      ],
    };
    const { exit, stdout } = await holdfast(["check"], configured({ check: async () => found }));
    expect(exit).toBe(24);
    expect(stdout.split("\n")).toEqual([
      "error    tasks/backup-1/segments/5: Block 3 does not open. (object-damaged)",
      "         task      backup-1",
      "         runs      r1",
      "         instants  2026-11-20T02:00:00Z",
      "         items     a, b, c, d, e and 2 more",
      "The repository is damaged: 1 error. Checked 1 task, 4 segments, 0 packs, read 2.0 KiB in 40 ms.",
      "",
    ]);
    expect(
      (await holdfast(["check"], configured({ check: async () => ({ ...found, ok: true, findings: [] }) })))
        .exit,
    ).toBe(0);
  });
});

describe("key", () => {
  const slot = {
    slot: "00aa",
    label: "ops",
    right: "write",
    kind: "passphrase",
    created: "2026-11-21T12:00:00Z",
  } as const;

  it("add makes a slot for a passphrase by reference, one typed twice, or a recipient", async () => {
    const added: unknown[] = [];
    const operations: Scene["operations"] = {
      addKey: async (_workspace, request) => {
        added.push(request);
        return slot;
      },
    };
    const env = { P: "p", NEW: "new one" };
    await holdfast(
      ["key", "add", "--new-passphrase", "env:NEW", "--right", "write", "--label", "ops"],
      configured(operations, { env }),
    );
    await holdfast(["key", "add", "--recipient", "age1x"], configured(operations));
    const typed = { terminal: true, answers: ["t", "t"] };
    await holdfast(["key", "add"], configured(operations, typed));
    expect(added).toEqual([
      { passphrase: "new one", right: "write", label: "ops" },
      { recipient: "age1x", right: "read" },
      { passphrase: "t", right: "read" },
    ]);
    for (const words of [
      ["--recipient", "a", "--new-passphrase", "env:NEW"],
      ["--new-passphrase", "literal"],
      [],
    ]) {
      expect((await holdfast(["key", "add", ...words], configured(operations, { env }))).exit).toBe(2);
    }
    expect(added).toHaveLength(3);
  });

  it("list shows every slot, those that cannot be used on stderr", async () => {
    const problem = new HoldfastError("object-damaged", "It is no JSON.");
    const operations: Scene["operations"] = {
      listKeys: async () => [
        { state: "intact", info: slot },
        { state: "unusable", path: "keys/ff", problem },
      ],
    };
    const { stdout, stderr } = await holdfast(["key", "list"], configured(operations));
    expect(stdout).toContain("00aa  write  passphrase  2026-11-21T12:00:00Z  ops\n");
    expect(stderr).toContain("warning: keys/ff cannot be used: It is no JSON.");
    const json = await holdfast(["key", "list", "--json"], configured(operations));
    expect(jsonLines(json.stdout)).toEqual([
      slot,
      { path: "keys/ff", error: { code: "object-damaged", message: "It is no JSON." } },
    ]);
  });
});

describe("repository verify-storage", () => {
  it("prints each promise and is 23 when one is broken", async () => {
    const verdicts = [
      { title: "reads what was written", ok: true, detail: "", ms: 3 },
      { title: "never replaces an object", ok: false, detail: "The second create won.", ms: 12 },
    ];
    const { exit, stdout } = await holdfast(["repository", "verify-storage", "/mnt"], {
      operations: { verifyStorageAt: yields(...verdicts) },
    });
    expect(exit).toBe(23);
    expect(stdout.split("\n")).toEqual([
      "ok          3 ms  reads what was written",
      "failed     12 ms  never replaces an object",
      "                  The second create won.",
      "/mnt breaks 1 of 2 promises: do not keep a repository there.",
      "",
    ]);
  });
});
