import { mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lazyOperations, type Operations } from "../../src/cli/operations.ts";
import type { ExportRequest } from "../../src/operations/export.ts";
import type { ImportRequest } from "../../src/operations/import.ts";
import type { ExportReport, ImportReport } from "../../src/operations/reports.ts";
import { configured, holdfast, jsonLines, type Scene } from "./harness.ts";

const EXPORTED: ExportReport = {
  task: `backup-${"0".repeat(32)}`,
  source: "prod",
  collection: "orders",
  instant: "2026-11-20T02:00:00Z",
  exactness: { precision: "second", instant: "2026-11-20T02:00:00Z", next: null },
  completeAsOf: "2026-11-20T02:00:00.000Z",
  format: "couchbackup",
  output: null,
  attachments: true,
  items: 12,
  documents: 10,
  revisions: 11,
  deleted: 1,
  blobs: 3,
  contentMissing: 0,
  lost: 0,
  leftOut: { security: 1, settings: 1, local: 2 },
  validators: 1,
  bytes: 1234,
  sha256: "ab".repeat(32),
  durationMs: 5,
};

const IMPORTED: ImportReport = {
  task: EXPORTED.task,
  source: "lab",
  collection: "orders",
  file: "/files/orders.txt",
  format: "couchbackup",
  origin: "",
  instant: "2025-06-01T12:00:00Z",
  instantFrom: "the file's own time",
  applied: true,
  run: "019b774885002a0d01e2c473309a647d",
  documents: 10,
  deleted: 1,
  revisions: 12,
  repeated: 1,
  otherItems: 0,
  blobs: 3,
  madeUpRevisions: 0,
  contentMissing: { documents: 1, examples: [{ key: "scan", attachments: ["a.pdf"] }] },
  tornLines: 0,
  truncated: false,
  bytes: 1234,
  storedBytes: 999,
  warnings: ["When the data was like this is unknown: the file's own time was taken."],
  durationMs: 5,
};

/** An export that writes `text` and reports `more`; remembers what it was asked. */
function exporting(text = "[]\n", more: Partial<ExportReport> = {}, scene: Scene = {}) {
  const asked: ExportRequest[] = [];
  const exportInstant: Operations["exportInstant"] = async (_workspace, request) => {
    asked.push(request);
    if (typeof request.output !== "string") await request.output(Buffer.from(text));
    const output = typeof request.output === "string" ? request.output : null;
    return { ...EXPORTED, output, ...more };
  };
  return { asked, scene: configured({ exportInstant }, scene) };
}

function importing(more: Partial<ImportReport> = {}) {
  const asked: ImportRequest[] = [];
  const importFile: Operations["importFile"] = async (_workspace, request) => {
    asked.push(request);
    return { ...IMPORTED, ...more };
  };
  return { asked, scene: configured({ importFile }) };
}

describe("export", () => {
  it("writes the file's bytes to stdout and everything else to stderr", async () => {
    const { asked, scene } = exporting("[1]\n");
    const { exit, stdout, stderr } = await holdfast(["export", "prod/orders"], scene);
    expect([exit, stdout]).toEqual([0, "[1]\n"]);
    expect(asked).toMatchObject([
      {
        task: "prod/orders",
        format: "couchbackup",
        scope: {},
        attachments: true,
        output: expect.any(Function) as object,
      },
    ]);
    expect(stderr).toContain("10 documents, 11 revisions, 3 attachments");
    expect(stderr).toContain("SHA-256 abab");
    expect(stderr).toContain("the security object, the database's settings, 2 local documents");
    expect(stderr).toContain("couchrestore needs its option --attachments");
    expect(stderr).toContain("--parallelism 1");
  });

  it("hands the options over: file, format, instant, scope, attachments, size of lines", async () => {
    const { asked, scene } = exporting();
    const words =
      "export prod/orders -o out.tar --format tar --at latest~1 --prefix x: --no-attachments --buffer-size 50";
    const { exit, stdout, stderr } = await holdfast(words.split(" "), scene);
    expect([exit, stdout]).toEqual([0, ""]);
    expect(stderr).toContain("out.tar");
    expect(asked).toEqual([
      {
        task: "prod/orders",
        format: "tar",
        scope: { prefix: "x:" },
        attachments: false,
        output: join(scene.cwd ?? "", "out.tar"),
        at: "latest~1",
        lineDocuments: 50,
      },
    ]);
  });

  it("prints its report as JSON on stdout, or on stderr where stdout is the export", async () => {
    const { scene } = exporting("[]\n");
    const piped = await holdfast(["export", "prod/orders", "--json"], scene);
    expect(piped.stdout).toBe("[]\n");
    expect(jsonLines(piped.stderr)).toMatchObject([{ documents: 10 }]);
    const filed = await holdfast(["export", "prod/orders", "--json", "-o", "f"], scene);
    expect(jsonLines(filed.stdout)).toMatchObject([{ documents: 10, output: join(scene.cwd ?? "", "f") }]);
  });

  it("ends with 3 and a warning when something is not in the file that should be", async () => {
    const missing = await holdfast(["export", "prod/orders"], exporting("", { contentMissing: 2 }).scene);
    expect(missing.exit).toBe(3);
    expect(missing.stderr).toMatch(/warning: 2 attachments were never kept/);
    const asked = exporting("", { contentMissing: 2, attachments: false });
    const wanted = await holdfast(["export", "prod/orders", "--no-attachments"], asked.scene);
    expect(wanted.exit).toBe(0);
    expect(wanted.stderr).toMatch(
      /warning: 2 attachments are in it without their content; couchrestore refuses/,
    );
    expect((await holdfast(["export", "prod/orders"], exporting("", { lost: 1 }).scene)).exit).toBe(3);
  });

  it("fails when whoever reads stdout goes away", async () => {
    const { scene } = exporting("[]\n", {}, { closesAfter: 0 });
    const { exit, stderr } = await holdfast(["export", "prod/orders"], scene);
    expect(exit).toBe(25);
    expect(stderr).toContain("before the export was whole");
  });

  it("refuses an archive on a terminal, and a call without a task", async () => {
    const { scene } = exporting("", {}, { terminal: true });
    expect((await holdfast(["export", "prod/orders", "--format", "tar"], scene)).exit).toBe(2);
    expect((await holdfast(["export"], scene)).exit).toBe(2);
    expect((await holdfast(["export", "prod/orders", "--buffer-size", "0"], scene)).exit).toBe(2);
  });

  it("takes couchbackup's variables for the source that they describe, and for no other", async () => {
    const env = {
      P: "p",
      COUCH_URL: "http://u:p@host",
      COUCH_DATABASE: "stock",
      COUCH_OUTPUT: "stock.txt",
      COUCH_BUFFER_SIZE: "9",
      COUCH_ATTACHMENTS: "false",
    };
    const { asked, scene } = exporting("", {}, { env });
    await holdfast(["export"], scene);
    await holdfast(["export", "couch/other", "-o", "-", "--buffer-size", "3"], scene);
    await holdfast(["export", "prod/orders"], scene);
    expect(asked).toMatchObject([
      {
        task: "couch/stock",
        output: join(scene.cwd ?? "", "stock.txt"),
        lineDocuments: 9,
        attachments: false,
      },
      { task: "couch/other", output: expect.any(Function) as object, lineDocuments: 3 },
      { task: "prod/orders", output: expect.any(Function) as object, attachments: true },
    ]);
    expect(asked[2]).not.toHaveProperty("lineDocuments");
  });
});

describe("import", () => {
  it("hands file, task and options over and says what was made of it", async () => {
    const { asked, scene } = importing();
    const words =
      "import old.txt --as lab/orders --at 2025-06-01 --format couchbackup --accept-truncated --new-revisions";
    const { exit, stdout, stderr } = await holdfast(words.split(" "), scene);
    expect(exit).toBe(0);
    expect(asked).toEqual([
      {
        input: join(scene.cwd ?? "", "old.txt"),
        source: "lab",
        collection: "orders",
        at: "2025-06-01",
        format: "couchbackup",
        apply: true,
        acceptTruncated: true,
        newRevisions: true,
      },
    ]);
    expect(stdout).toContain("Imported /files/orders.txt (couchbackup) as lab/orders");
    expect(stdout).toContain("10 documents, 1 of them deleted; 12 revisions in the file");
    expect(stdout).toContain("without content: scan (a.pdf)");
    expect(stderr).toContain("warning: When the data was like this is unknown");
  });

  it("of a preview says what would be, and with --json prints the report", async () => {
    const preview = { applied: false, run: null, documents: null, deleted: null };
    const { asked, scene } = importing(preview);
    const { stdout } = await holdfast(["import", "f", "--as", "lab/orders", "--dry-run"], scene);
    expect(asked).toMatchObject([{ apply: false }]);
    expect(stdout).toContain("Would import");
    const json = await holdfast(["import", "f", "--as", "lab/orders", "--dry-run", "--json"], scene);
    expect(jsonLines(json.stdout)).toMatchObject([{ applied: false, revisions: 12 }]);
  });

  it("wants to know as which task, and keeps slashes of a database's name", async () => {
    const { asked, scene } = importing();
    for (const as of ["orders", "/orders", "lab/"]) {
      expect((await holdfast(["import", "f", "--as", as], scene)).exit).toBe(2);
    }
    expect((await holdfast(["import", "f"], scene)).exit).toBe(2);
    await holdfast(["import", "f", "--as", "lab/a/b"], scene);
    expect(asked).toMatchObject([{ source: "lab", collection: "a/b" }]);
  });
});

it("moves a file in and out again, in the same program, with the real operations", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-cli-exchange-"));
  const operations = { ...lazyOperations };
  const scene: Scene = {
    cwd: folder,
    env: { HOLDFAST_PASSPHRASE: "a passphrase", HOLDFAST_REPOSITORY: join(folder, "repository") },
    operations,
  };
  const doc = '{"_id":"a","_rev":"1-aa","_revisions":{"start":1,"ids":["aa"]},"n":1.0}';
  writeFileSync(join(folder, "in.txt"), `[${doc}]\n`);
  expect((await holdfast(["init", "repository"], scene)).exit).toBe(0);
  const made = await holdfast(
    ["import", "in.txt", "--as", "lab/orders", "--at", "2025-06-01", "--json"],
    scene,
  );
  expect([made.exit, made.stderr]).toEqual([0, expect.stringContaining("No source is called")]);
  expect(jsonLines(made.stdout)).toMatchObject([{ documents: 1, instant: "2025-06-01T23:59:59Z" }]);
  const again = await holdfast(["import", "in.txt", "--as", "lab/orders"], scene);
  expect([again.exit, again.stderr]).toEqual([35, expect.stringContaining("already has a timeline")]);
  expect((await holdfast(["export", "lab/orders", "-o", "out.txt"], scene)).exit).toBe(0);
  expect(readFileSync(join(folder, "out.txt"), "utf8").split("\n")[1]).toBe(`[${doc}]`);
  const cutShort = join(folder, "in.txt");
  writeFileSync(cutShort, `[${doc}`);
  // The scene's clock stands still, this file's would not.
  utimesSync(cutShort, new Date("2025-06-02T00:00:00Z"), new Date("2025-06-02T00:00:00Z"));
  const cut = await holdfast(["import", "in.txt", "--as", "lab/cut"], scene);
  expect([cut.exit, cut.stderr]).toEqual([38, expect.stringContaining("--accept-truncated")]);
  expect(readdirSync(folder).filter((name) => name.endsWith(".part"))).toEqual([]);
});

it("shows the source of the environment with its origin, and never its password", async () => {
  const env = { COUCH_URL: "http://user:MARKED-SECRET@host:5984", COUCH_DATABASE: "orders" };
  const { exit, stdout, stderr } = await holdfast(["config", "show", "--origin"], { env });
  expect(exit).toBe(0);
  expect(stdout).toMatch(/sources\.couch\.databases +orders +environment COUCH_DATABASE/);
  expect(stdout).toMatch(/sources\.couch\.url +http:\/\/host:5984 +environment COUCH_URL/);
  expect(stdout + stderr).not.toContain("MARKED-SECRET");
  const removed = await holdfast(["source", "remove", "couch"], { env });
  expect([removed.exit, removed.stderr]).toEqual([2, expect.stringContaining("COUCH_URL")]);
});
