import { describe, expect, it } from "vitest";
import type { RunReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, yields, type Scene } from "./harness.ts";

function run(collection: string, more: Partial<RunReport> = {}): RunReport {
  return {
    run: "1",
    task: "backup-1",
    source: "prod",
    collection,
    state: "committed",
    kind: "delta",
    level: "daily",
    startedAt: "2026-11-21T02:00:00Z",
    endedAt: "2026-11-21T02:00:01Z",
    instant: "2026-11-21T02:00:01Z",
    live: 2,
    deleted: 1,
    purged: 0,
    blobs: 0,
    bodyBytes: 0,
    storedBytes: 2_048,
    requests: 3,
    durationMs: 1_250,
    warnings: [],
    ...more,
  };
}

describe("backup", () => {
  it("prints a line for each task as it ends, and 3 when only some failed", async () => {
    const failed = run("users", {
      state: "failed",
      error: { code: "source-unreachable", message: "It did not answer." },
    });
    const quiet = run("log", {
      live: 0,
      deleted: 0,
      storedBytes: 0,
      warnings: ["The clock of the service is 5 s late."],
    });
    const { exit, stdout, stderr } = await holdfast(
      ["backup"],
      configured({ backup: yields(run("orders"), failed, quiet) }),
    );
    expect(exit).toBe(3);
    expect(stdout.split("\n")).toEqual([
      "ok      prod/orders                     delta     2026-11-21T02:00:01Z  2 items, 1 deleted, 2.0 KiB stored, 1.3 s",
      "failed  prod/users                      It did not answer. (source-unreachable)",
      "ok      prod/log                        delta     2026-11-21T02:00:01Z  no change, 0 B stored, 1.3 s",
      "        warning The clock of the service is 5 s late.",
      "",
    ]);
    expect(stderr).toBe("3 tasks, 1 failed, 4.0 KiB stored.\n");
  });

  it("gives the error's status when everything failed, and 130 when it was stopped", async () => {
    const failed = run("users", { state: "failed", error: { code: "storage-full", message: "No room." } });
    expect((await holdfast(["backup"], configured({ backup: yields(failed) }))).exit).toBe(22);
    const controller = new AbortController();
    controller.abort();
    const stopped = configured({ backup: yields(run("a")) }, { signal: controller.signal });
    expect((await holdfast(["backup"], stopped)).exit).toBe(130);
  });

  it("reaches only the sources that were chosen", async () => {
    const { opened } = await holdfast(
      ["backup", "lab/orders"],
      configured({ backup: yields(run("orders")) }, { env: { P: "p" } }),
    );
    expect(opened[0]?.sources.map(({ name, options }) => [name, options.auth.kind])).toEqual([
      ["prod", "none"],
      ["lab", "none"],
    ]);
  });

  it("backs the others up when one source's secret is missing, and says 3", async () => {
    const selected: (readonly string[])[] = [];
    const operations: Scene["operations"] = {
      backup: async function* (_workspace, { select }) {
        selected.push(select);
        yield run("orders");
      },
    };
    const without = configured(operations, { env: { P: "p" } });
    const { exit, stderr } = await holdfast(["backup"], without);
    expect([exit, selected]).toEqual([3, [["lab"]]]);
    expect(stderr).toContain("warning: Source prod is left out: Could not read the API key of source prod");
    expect((await holdfast(["backup", "prod"], without)).exit).toBe(20);
  });

  it("refuses a source that is not configured", async () => {
    expect(await holdfast(["backup", "prdo"], configured({}))).toMatchObject({ exit: 20, stdout: "" });
  });

  it("goes on when the reader of its lines has gone", async () => {
    let ended = false;
    const operations: Scene["operations"] = {
      backup: async function* () {
        yield run("a");
        yield run("b");
        ended = true;
      },
    };
    expect((await holdfast(["backup"], configured(operations, { closesAfter: 1 }))).exit).toBe(0);
    expect(ended).toBe(true);
  });

  it("reports progress and warnings on stderr only, as JSON lines with --json", async () => {
    const operations: Scene["operations"] = {
      backup: async function* (_workspace, _request, hooks) {
        hooks?.progress?.({
          operation: "backup",
          task: "prod/orders",
          phase: "read",
          done: 5,
          total: 10,
          bytes: 0,
        });
        hooks?.warn?.("The service is slow.");
        yield run("orders");
      },
    };
    const { stdout, stderr } = await holdfast(["backup", "--json"], configured(operations));
    expect(jsonLines(stdout)).toEqual([run("orders")]);
    expect(jsonLines(stderr)).toMatchObject([
      { progress: { done: 5 } },
      { warning: { message: "The service is slow." } },
    ]);
  });
});
