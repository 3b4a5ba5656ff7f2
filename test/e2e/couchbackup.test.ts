/**
 * Moving from couchbackup to Holdfast and back, judged by couchbackup's own commands; and its observed defects, each of which
 * Holdfast must not share.
 */
import { spawn } from "node:child_process";
import { createReadStream, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import { compare } from "../../src/operations/compare.ts";
import { exportInstant } from "../../src/operations/export.ts";
import { importFile } from "../../src/operations/import.ts";
import { restore } from "../../src/operations/restore.ts";
import { openTimeline } from "../../src/operations/tasks.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { startCouchDB } from "../../src/sandbox/couchdb/index.ts";
import {
  backUp,
  collect,
  Couch,
  newRepository,
  openHouse,
  sourceAt,
  TestClock,
  type House,
} from "./house.ts";

const BIN = join(import.meta.dirname, "../../node_modules/@cloudant/couchbackup/bin");
const AT = "2025-12-01T00:00:00Z";

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs one of the two commands; files take the place of the standard streams. */
async function judge(
  command: "couchbackup" | "couchrestore",
  house: Pick<House, "url">,
  database: string,
  file: string,
  ...options: string[]
): Promise<Ended> {
  const restoring = command === "couchrestore";
  const folder = mkdtempSync(join(tmpdir(), "couchbackup-"));
  const url = house.url.includes("@") ? house.url : house.url.replace("http://", "http://admin:admin@");
  const log = restoring ? [] : ["--log", join(folder, "log")];
  const child = spawn(
    process.execPath,
    [join(BIN, `${command}.bin.js`), "--url", url, "--db", database, ...log, ...options],
    {
      stdio: [restoring ? openSync(file, "r") : "ignore", restoring ? "ignore" : openSync(file, "w"), "pipe"],
    },
  );
  let stderr = "";
  child.stderr?.on("data", (piece: Buffer) => (stderr += piece.toString("utf8")));
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, stderr };
}

function newFile(name = "orders.txt"): string {
  return join(mkdtempSync(join(tmpdir(), "holdfast-couchbackup-")), name);
}

/** Every document with all its leaves, histories and contents of attachments, as the server tells. */
async function everything(couch: Couch, database: string): Promise<Map<string, unknown>> {
  const { results } = (await couch.json("GET", `${database}/_changes?style=all_docs`)) as {
    results: { id: string; changes: { rev: string }[] }[];
  };
  const docs = results
    .flatMap(({ id, changes }) => changes.map(({ rev }) => ({ id, rev })))
    .sort((a, b) => (`${a.id} ${a.rev}` < `${b.id} ${b.rev}` ? -1 : 1));
  const found = (await couch.json("POST", `${database}/_bulk_get?revs=true&attachments=true`, { docs })) as {
    results: { docs: { ok: unknown }[] }[];
  };
  return new Map(docs.map(({ id, rev }, at) => [`${id} ${rev}`, found.results[at]?.docs[0]?.ok]));
}

function textFile(text: string): object {
  return { content_type: "text/plain", data: Buffer.from(text).toString("base64") };
}

/** Conflicts, tombstones, attachments, ids and texts of all kinds, numbers; a validation that an older document violates. */
async function fill(house: House, database: string): Promise<void> {
  await house.couch.json("PUT", database);
  const docs: object[] = Array.from({ length: 620 }, (_, n) => ({
    _id: `doc ${n}/é`,
    text: `${"ünïcödé 😀 \u2028".repeat(9)}${n}`,
  }));
  docs.push({
    _id: "file",
    _attachments: { "a b/ü.txt": textFile("hello ".repeat(200)), "0": textFile("") },
  });
  docs.push({ _id: "_design/view", views: { v: { map: "function (d) { emit(d._id) }" } } });
  await house.couch.json("POST", `${database}/_bulk_docs`, { docs });
  const branches = [
    { _id: "conflict", _rev: "2-b", _revisions: { start: 2, ids: ["b", "a"] }, v: "b" },
    {
      _id: "conflict",
      _rev: "2-c",
      _revisions: { start: 2, ids: ["c", "a"] },
      v: "c",
      _attachments: { f: textFile("in a branch") },
    },
    { _id: "conflict", _rev: "3-d", _revisions: { start: 3, ids: ["d", "x", "a"] }, _deleted: true },
    { _id: "gone", _rev: "2-b", _revisions: { start: 2, ids: ["b", "a"] }, _deleted: true, why: "sold" },
  ];
  await house.couch.json("POST", `${database}/_bulk_docs`, { new_edits: false, docs: branches });
  const raw = '{"n":1.5,"big":123456789012345680000,"b":1,"a":2}';
  expect((await house.couch.send("PUT", `${database}/numbers`, raw)).status).toBeLessThan(300);
  const strict = "function (doc) { if (!doc.text && !doc._deleted) throw({forbidden: 'no text'}) }";
  await house.couch.json("PUT", `${database}/_design/strict`, { validate_doc_update: strict });
}

it("imports what couchbackup wrote: every document is equal to the database's own", async () => {
  await using house = await openHouse();
  await fill(house, "orders");
  const file = newFile();
  expect(await judge("couchbackup", house, "orders", file, "--attachments")).toMatchObject({ status: 0 });
  const report = await importFile(house.workspace, {
    input: file,
    source: "prod",
    collection: "archive",
    apply: true,
    at: AT,
  });
  expect(report).toMatchObject({
    documents: 626,
    deleted: 1,
    blobs: 3,
    madeUpRevisions: 0,
    contentMissing: { documents: 0 },
  });
  const compared = await compare(house.workspace, {
    task: "prod/archive",
    target: { source: "prod", collection: "orders" },
  });
  // The file has neither; everything that it has is equal.
  const foreign = compared.differences.filter(({ key }) => key !== "_security" && key !== "_settings");
  expect(foreign).toEqual([]);
  // And it can be put back without couchbackup.
  const target = { collection: "again" };
  const back = await restore(house.workspace, { task: "prod/archive", scope: {}, target, apply: true });
  expect(back.failures).toEqual([]);
  expect(await everything(house.couch, "again")).toEqual(await everything(house.couch, "orders"));
}, 60_000);

it("exports what couchrestore brings back: revisions, histories, conflicts, tombstones, attachments", async () => {
  await using house = await openHouse();
  await fill(house, "orders");
  await backUp(house, "orders");
  const file = newFile();
  const report = await exportInstant(house.workspace, {
    task: "prod/orders",
    format: "couchbackup",
    scope: {},
    attachments: true,
    output: file,
  });
  expect(report).toMatchObject({ documents: 626, blobs: 3, contentMissing: 0, validators: 1 });
  await house.couch.json("PUT", "restored");
  const ended = await judge("couchrestore", house, "restored", file, "--attachments", "--parallelism", "1");
  expect(ended).toMatchObject({ status: 0 });
  expect(await everything(house.couch, "restored")).toEqual(await everything(house.couch, "orders"));
}, 60_000);

describe("does better where couchbackup has a defect:", () => {
  it("1. silent loss on _bulk_get errors: a backup through failing nodes is no success", async () => {
    await using server = await startCouchDB();
    const couch = new Couch(server.url);
    await couch.json("PUT", "orders");
    await couch.json("POST", "orders/_bulk_docs", {
      docs: Array.from({ length: 15 }, (_, n) => ({ _id: `${n}` })),
    });
    server.faults.add({ kind: "bulk-get-error", id: "7" });
    const file = newFile();
    expect(await judge("couchbackup", server, "orders", file)).toMatchObject({ status: 0 });
    expect(readFileSync(file, "utf8")).not.toContain('"_id":"7"');
    await using workspace = new Workspace(
      await newRepository(),
      [sourceAt(server.url, ["*"])],
      new TestClock(),
    );
    const [run] = await collect(backup(workspace, { select: ["prod/orders"] }));
    expect(run).toMatchObject({ state: "failed", error: { code: "capture-incomplete" } });
    expect(run?.error?.message).toContain("7");
    await expect(openTimeline(workspace, "prod/orders")).rejects.toThrow(/Nothing has been kept/);
    server.faults.clear();
    const [again] = await collect(backup(workspace, { select: ["prod/orders"] }));
    expect(again).toMatchObject({ state: "committed", live: 15 + 2 });
  }, 60_000);

  it("2. number corruption: every digit and the order of members survive import and export", async () => {
    await using house = await openHouse();
    const doc =
      '{"_id":"n","_rev":"1-n","_revisions":{"start":1,"ids":["n"]},"z":12345678901234567890,"b":9007199254740993,"one":1.0,"10":"x","2":"y"}';
    const file = newFile();
    writeFileSync(file, `[${doc}]\n`);
    await importFile(house.workspace, { input: file, source: "prod", collection: "n", apply: true, at: AT });
    const out: Buffer[] = [];
    await exportInstant(house.workspace, {
      task: "prod/n",
      format: "couchbackup",
      scope: {},
      attachments: true,
      output: async (piece) => {
        out.push(piece);
      },
    });
    expect(Buffer.concat(out).toString("utf8").split("\n")[1]).toBe(`[${doc}]`);
  });

  it("3. order of design documents: one that validates is written after the documents that violate it", async () => {
    await using house = await openHouse();
    await house.couch.json("PUT", "orders");
    const docs = Array.from({ length: 9 }, (_, n) => ({ _id: `old ${n}` }));
    await house.couch.json("POST", "orders/_bulk_docs", { docs });
    const strict = "function (doc) { if (!doc.text) throw({forbidden: 'no text'}) }";
    await house.couch.json("PUT", "orders/_design/strict", { validate_doc_update: strict });
    // In the tool's own file the design document may stand anywhere; here it stands first.
    const file = newFile();
    expect((await judge("couchbackup", house, "orders", file)).status).toBe(0);
    const [metadata, ...lines] = readFileSync(file, "utf8").trimEnd().split("\n");
    const all = lines.flatMap((line) => JSON.parse(line) as { _id: string }[]);
    const ordered = all.sort((a, b) => (a._id < b._id ? -1 : 1)).map((doc) => JSON.stringify([doc]));
    writeFileSync(file, `${[metadata, ...ordered].join("\n")}\n`);
    await house.couch.json("PUT", "theirs");
    const single = ["--buffer-size", "1", "--parallelism", "1"];
    expect((await judge("couchrestore", house, "theirs", file, ...single)).status).not.toBe(0);
    const request = { input: file, source: "prod", collection: "a", apply: true, at: AT };
    expect(await importFile(house.workspace, request)).toMatchObject({ documents: 10 });
    const target = { collection: "ours" };
    const report = await restore(house.workspace, { task: "prod/a", scope: {}, target, apply: true });
    expect(report.failures).toEqual([]);
    expect(await everything(house.couch, "ours")).toEqual(await everything(house.couch, "orders"));
    // And what Holdfast exports, couchrestore can write.
    const exported = newFile();
    const format = "couchbackup";
    const whole = { task: "prod/a", format, scope: {}, attachments: true, output: exported } as const;
    await exportInstant(house.workspace, whole);
    await house.couch.json("PUT", "theirs-again");
    expect(await judge("couchrestore", house, "theirs-again", exported, ...single)).toMatchObject({
      status: 0,
    });
  }, 60_000);

  it("4. attachments: they are kept and exported without asking for it, and a file without them is told at once", async () => {
    await using house = await openHouse();
    await fill(house, "orders");
    await backUp(house, "orders");
    const request = { task: "prod/orders", format: "couchbackup", scope: {}, attachments: true } as const;
    expect(await exportInstant(house.workspace, { ...request, output: newFile() })).toMatchObject({
      blobs: 3,
    });
    const file = newFile();
    // Without its option the tool writes stubs and says that all is well.
    expect(await judge("couchbackup", house, "orders", file)).toMatchObject({ status: 0 });
    const report = await importFile(house.workspace, {
      input: file,
      source: "prod",
      collection: "stubs",
      apply: true,
      at: AT,
    });
    expect(report).toMatchObject({ blobs: 0, contentMissing: { documents: 2 } });
    expect(report.contentMissing.examples.map(({ key }) => key).sort()).toEqual(["conflict", "file"]);
    const target = { collection: "stubs-back" };
    const back = await restore(house.workspace, { task: "prod/stubs", scope: {}, target, apply: true });
    expect(back.failures.map(({ key }) => key).sort()).toEqual(["conflict", "file"]);
  }, 60_000);

  it("5. mixed batch: documents without _rev among others are refused by name, not written over", async () => {
    await using house = await openHouse();
    const file = newFile();
    writeFileSync(file, '[{"_id":"new","v":1},{"_id":"old","_rev":"3-c","v":2}]\n');
    const request = { input: file, source: "prod", collection: "mixed", apply: true, at: AT };
    await expect(importFile(house.workspace, request)).rejects.toMatchObject({ code: "import-unsafe" });
    await expect(importFile(house.workspace, request)).rejects.toThrow(/1 of 2 revisions .*"new"/);
    const report = await importFile(house.workspace, { ...request, newRevisions: true });
    expect(report).toMatchObject({ documents: 2, madeUpRevisions: 1 });
  });

  it("6. truncated or empty file: nothing is imported, and an export that was cut off is no file", async () => {
    await using house = await openHouse();
    await fill(house, "orders");
    const file = newFile();
    await judge("couchbackup", house, "orders", file, "--attachments");
    const whole = readFileSync(file);
    const request = { source: "prod", collection: "cut", apply: true, at: AT };
    for (const length of [0, 60, 5_000, whole.length - 1]) {
      const path = newFile("cut.txt");
      writeFileSync(path, whole.subarray(0, length));
      await expect(importFile(house.workspace, { ...request, input: path })).rejects.toMatchObject({
        code: "import-unusable",
      });
    }
    const accepted = createReadStream(file, { end: 5_000 }) as AsyncIterable<Buffer>;
    const report = await importFile(house.workspace, { ...request, input: accepted, acceptTruncated: true });
    expect(report).toMatchObject({ truncated: true });
    expect(report.documents).toBeGreaterThan(0);
  }, 60_000);
});
