import { describe, expect, it } from "vitest";
import { diffQuestion } from "../../src/cli/commands/diff.ts";
import { isTimeSpec } from "../../src/cli/time-spec.ts";
import { HoldfastError } from "../../src/model/errors.ts";
import type { ItemRow, RunReport, TaskSummary, VersionRow } from "../../src/operations/reports.ts";
import { holdfast, jsonLines, yields, type Scene } from "./harness.ts";

const ENV = { HOLDFAST_PASSPHRASE: "p", HOLDFAST_REPOSITORY: "/repo" };

const TASK: TaskSummary = {
  task: `backup-${"0".repeat(32)}`,
  source: "prod",
  kind: "couchdb",
  collection: "orders",
  epoch: 1,
  instants: 1_204,
  oldest: "2026-11-01T02:00:00Z",
  latest: "2026-11-21T02:00:00Z",
  nextDue: "2026-11-22T02:00:00.000Z",
  storedBytes: 10_240,
};

const ITEM: ItemRow = {
  key: "order:1",
  kind: "live",
  revision: "2-ab",
  seen: "2026-11-21T02:00:00.123Z",
  bytes: 2_048,
  parts: 1,
  blobs: 0,
};

const VERSION: VersionRow = {
  ...ITEM,
  level: "daily",
  epoch: 1,
  instant: "2026-11-21T02:00:00Z",
  sequence: "7-x",
};

function runOf(task: string, error?: RunReport["error"]): RunReport {
  return {
    run: "1",
    task,
    source: task,
    collection: "c",
    state: error ? "failed" : "committed",
    kind: "delta",
    level: "daily",
    startedAt: "2026-11-21T02:00:00Z",
    endedAt: "2026-11-21T02:00:01Z",
    instant: error ? null : "2026-11-21T02:00:01Z",
    live: 1,
    deleted: 0,
    purged: 0,
    blobs: 0,
    bodyBytes: 0,
    storedBytes: 0,
    requests: 0,
    durationMs: 1_000,
    warnings: [],
    ...(error && { error }),
  };
}

describe("a listing", () => {
  it("is an aligned table for people", async () => {
    const { exit, stdout, stderr } = await holdfast(["tasks"], {
      env: ENV,
      operations: { listTasks: async () => [TASK] },
    });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(
      [
        "TASK         NAME                                     INSTANTS  OLDEST                LATEST                NEXT                  STORED",
        `prod/orders  ${TASK.task}     1,204  2026-11-01T02:00:00Z  2026-11-21T02:00:00Z  2026-11-22T02:00:00Z  10 KiB`,
        "",
      ].join("\n"),
    );
  });

  it("is one JSON line for each row with --json, exactly as the operation gave it", async () => {
    const operations = { listTasks: async () => [TASK, TASK] };
    const { stdout, stderr } = await holdfast(["tasks", "--json"], { env: ENV, operations });
    expect(jsonLines(stdout)).toEqual([TASK, TASK]);
    expect(stderr).toBe("");
  });

  it("without rows prints nothing on stdout and says so on stderr, unless quiet", async () => {
    const operations = { listTasks: async () => [] };
    expect(await holdfast(["tasks"], { env: ENV, operations })).toMatchObject({
      stdout: "",
      stderr: "Nothing has been backed up yet: holdfast backup makes the first baselines.\n",
    });
    expect((await holdfast(["tasks", "-q"], { env: ENV, operations })).stderr).toBe("");
  });

  it("ends quietly when its reader has gone", async () => {
    let given = 0;
    const operations = {
      listItems: async function* () {
        for (; given < 100_000; given++) yield ITEM;
      },
    };
    const { exit, stderr } = await holdfast(["ls", "t"], { env: ENV, operations, closesAfter: 3 });
    expect([exit, stderr]).toEqual([0, ""]);
    expect(given).toBeLessThan(1_000);
  });

  it("shows what an item's row means: deleted, in conflict, with blobs", async () => {
    const operations = {
      listItems: yields<ItemRow>(
        ITEM,
        { ...ITEM, key: "order:2", parts: 3, blobs: 2 },
        { ...ITEM, key: "a\nb", kind: "deleted", bytes: 40 },
      ),
    };
    const { stdout } = await holdfast(["ls", "t", "--deleted"], { env: ENV, operations });
    expect(stdout.split("\n")).toEqual([
      "SEEN                     SIZE  BLOBS  STATE          REVISION  ITEM",
      "2026-11-21T02:00:00Z  2.0 KiB                        2-ab      order:1",
      "2026-11-21T02:00:00Z  2.0 KiB      2  2 in conflict  2-ab      order:2",
      "2026-11-21T02:00:00Z     40 B         deleted        2-ab      a\\u000ab",
      "",
    ]);
  });

  it("of runs asks for no more than it shows, says how many there are, and shows why a run failed", async () => {
    const error = { code: "storage-full", message: "No room." };
    const asked: unknown[] = [];
    const operations: Scene["operations"] = {
      listRuns: async function* (_workspace, { limit, counted }) {
        asked.push(limit);
        counted?.("a", 10_000);
        yield runOf("a");
        counted?.("b", 1);
        yield runOf("b", error);
      },
    };
    const { stdout, stderr } = await holdfast(["runs"], { env: ENV, operations });
    expect(stdout).toContain("storage-full: No room.");
    expect(stderr).toContain("9,950 older runs not shown");
    await holdfast(["runs", "--limit", "2"], { env: ENV, operations });
    expect((await holdfast(["runs", "--json"], { env: ENV, operations })).stderr).toBe("");
    expect(asked).toEqual([50, 2, undefined]);
  });
});

describe("reading", () => {
  it("needs the repository's key and none of the services' secrets", async () => {
    const { opened } = await holdfast(["ls", "t"], {
      env: ENV,
      operations: { listItems: yields<ItemRow>(ITEM) },
    });
    expect(opened).toMatchObject([
      { repository: { folder: "/repo" }, credential: { kind: "passphrase", passphrase: "p" }, sources: [] },
    ]);
  });

  it("asks for the passphrase on a terminal when none is configured", async () => {
    const { exit, asked, opened } = await holdfast(["tasks"], {
      env: { HOLDFAST_REPOSITORY: "/repo" },
      terminal: true,
      answers: ["typed"],
      operations: { listTasks: async () => [] },
    });
    expect([exit, asked]).toEqual([0, ["Passphrase of the repository: "]]);
    expect(opened[0]?.credential).toEqual({ kind: "passphrase", passphrase: "typed" });
  });
});

describe("cat", () => {
  const body = Buffer.from('{"_id":"a","n":12345678901234567890,"x":1.0}');

  it("prints the kept bytes and nothing else, so that they can go into a file", async () => {
    const operations = { catItem: async () => ({ version: VERSION, parts: [body, Buffer.from("{}")] }) };
    const { stdout, stderr } = await holdfast(["cat", "t", "a"], { env: ENV, operations });
    expect(stdout).toBe(body.toString());
    expect(stderr).toContain("1 conflicting revision beside this one");
    const all = await holdfast(["cat", "t", "a", "--leaves"], { env: ENV, operations });
    expect(all.stdout).toBe(`${body.toString()}\n{}`);
  });

  it("gives bodies as texts in JSON, for no parser to touch their numbers", async () => {
    const operations = { catItem: async () => ({ version: VERSION, parts: [body] }) };
    const { stdout } = await holdfast(["cat", "t", "a", "--json"], { env: ENV, operations });
    expect(jsonLines(stdout)).toEqual([{ version: VERSION, parts: [body.toString()] }]);
  });

  it("prints an attachment as it is", async () => {
    const operations = { catBlob: yields(Buffer.from("one "), Buffer.from("two")) };
    const { stdout } = await holdfast(["cat", "t", "a", "--attachment", "x"], { env: ENV, operations });
    expect(stdout).toBe("one two");
    expect(
      (await holdfast(["cat", "t", "a", "--attachment", "x", "--json"], { env: ENV, operations })).exit,
    ).toBe(2);
  });
});

describe("diff", () => {
  it.each([
    [["order:1"], { about: "item", item: "order:1" }],
    [["order:1", "live"], { about: "item", item: "order:1", b: "live" }],
    [["order:1", "latest~3"], { about: "item", item: "order:1", a: "latest~3" }],
    [["order:1", "1-ab", "live"], { about: "item", item: "order:1", a: "1-ab", b: "live" }],
    [["latest~1", "latest"], { about: "instants", a: "latest~1", b: "latest" }],
    [["2026-11-19", "2h ago"], { about: "instants", a: "2026-11-19", b: "2h ago" }],
    [["2026-11-19", "1-ab"], { about: "item", item: "2026-11-19", a: "1-ab" }],
  ])("takes %j for what it says", (words, question) => {
    expect(diffQuestion(words, undefined)).toEqual(question);
  });

  it("takes --item for an item whatever it looks like", () => {
    expect(diffQuestion([], "latest")).toEqual({ about: "item", item: "latest" });
    expect(diffQuestion(["latest~1", "latest"], "2026-11-19")).toEqual({
      about: "item",
      item: "2026-11-19",
      a: "latest~1",
      b: "latest",
    });
  });

  it("refuses no words and too many", () => {
    for (const [words, item] of [
      [[], undefined],
      [["a", "b", "c", "d"], undefined],
      [["a", "b", "c"], "x"],
    ] as const) {
      expect(() => diffQuestion(words, item)).toThrow(HoldfastError);
    }
  });

  it("keeps numbers beyond JavaScript's in its JSON", async () => {
    const json = '[{"path":"/n","kind":"changed","before":12345678901234567890,"after":1.0}]';
    const { stdout } = await holdfast(["diff", "t", "a", "--json"], {
      env: ENV,
      operations: { diffItem: async () => ({ a: VERSION, b: null, lines: [], json }) },
    });
    expect(stdout).toContain(`"changes":${json}}`);
    expect(jsonLines(stdout)).toMatchObject([{ task: "t", item: "a", a: VERSION, b: null }]);
  });

  it("knows a time from a key", () => {
    for (const text of [
      "latest",
      "latest~12",
      "2026-11-21",
      "2026-11-21T10:00:00Z",
      "2h ago",
      "30 minutes ago",
    ]) {
      expect([text, isTimeSpec(text)]).toEqual([text, true]);
    }
    for (const text of ["order:1", "latest~", "1-ab", "live", "2026", ""])
      expect([text, isTimeSpec(text)]).toEqual([text, false]);
  });
});
