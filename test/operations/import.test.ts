import { mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { check } from "../../src/operations/check.ts";
import { listDeltas } from "../../src/operations/deltas.ts";
import { importFile } from "../../src/operations/import.ts";
import { listRuns } from "../../src/operations/runs.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { backUp, collect, newRepository, openHouse, TestClock } from "../e2e/house.ts";
import { loseAnswer, sweepCalls } from "../faults/storage-faults.ts";
import { exported, importAs, kept, METADATA, newWorkspace, pieces, taskFiles } from "./exchange-rig.ts";

const A = '{"_id":"a","_rev":"1-aa","_revisions":{"ids":["aa"],"start":1},"n":1.0}';
const B = '{"_id":"b","_rev":"2-bb","_revisions":{"ids":["bb","aa"],"start":2},"_deleted":true}';
const FILE = `${METADATA}\n[${A},${B}]\n`;

function document(id: string, generation: number, hash: string, more = ""): string {
  const ids = Array.from({ length: generation }, (_, back) => (back === 0 ? hash : `x${generation - back}`));
  return `{"_id":${JSON.stringify(id)},"_rev":"${generation}-${hash}","_revisions":{"start":${generation},"ids":${JSON.stringify(ids)}}${more}}`;
}

describe("an import", () => {
  it("makes the first baseline: documents, tombstones, texts as they stand in the file", async () => {
    await using workspace = await newWorkspace();
    const report = await importAs(workspace, "a", FILE);
    expect(report).toMatchObject({
      applied: true,
      documents: 2,
      deleted: 1,
      revisions: 2,
      repeated: 0,
      instant: "2025-06-01T12:00:00Z",
      instantFrom: "--at",
    });
    expect(await kept(workspace, "lab/a")).toMatchObject([
      { key: "a", kind: "live", revision: "1-aa", parts: [A] },
      { key: "b", kind: "deleted", revision: "2-bb", parts: [B] },
    ]);
    const [delta] = await listDeltas(workspace, { task: "lab/a" });
    expect(delta).toMatchObject({ level: "baseline", to: "2025-06-01T12:00:00Z", live: 1, deleted: 1 });
    const [run] = await collect(listRuns(workspace, { task: "lab/a" }));
    expect(run).toMatchObject({
      state: "committed",
      kind: "baseline",
      reason: "imported from the stream (couchbackup)",
    });
    expect(await check(workspace, { readData: true })).toMatchObject({ ok: true, findings: [] });
  });

  it("brings revisions together that stand far apart, winner first, and leaves repetitions and ancestors out", async () => {
    await using workspace = await newWorkspace();
    const lines = [
      [document("x", 2, "lose"), document("y", 1, "only")],
      [document("x", 3, "gone", ',"_deleted":true'), document("a\u0000b", 1, "zero")],
      [
        document("x", 2, "win"),
        document("y", 1, "only"),
        document("a", 1, "one"),
        document("a\u0000", 1, "two"),
      ],
      [document("z", 2, "end"), '{"_id":"z","_rev":"1-x1","_revisions":{"start":1,"ids":["x1"]}}'],
    ];
    const file = `${METADATA}\n${lines.map((docs) => `[${docs.join(",")}]\n`).join("")}`;
    const report = await importAs(workspace, "a", file);
    expect(report).toMatchObject({ documents: 6, revisions: 10, repeated: 2 });
    const items = await kept(workspace, "lab/a");
    expect(items.map(({ key }) => key)).toEqual(["a", "a\u0000", "a\u0000b", "x", "y", "z"]);
    const revisions = (key: string) =>
      items
        .find((item) => item.key === key)
        ?.parts.map((part) => (JSON.parse(part) as { _rev: string })._rev);
    expect(revisions("x")).toEqual(["2-win", "2-lose", "3-gone"]);
    expect(revisions("z")).toEqual(["2-end"]);
  });

  it("sorts what does not fit into memory in sealed segments, and leaves none of them behind", async () => {
    const storage = memoryStorage();
    await using workspace = await newWorkspace(storage);
    const ids = Array.from({ length: 400 }, (_, index) => `doc ${(index * 7919) % 400}`);
    const first = ids.map((id) => document(id, 1, `h${id.slice(4)}`, `,"pad":"${"p".repeat(100)}"`));
    const second = ids.toReversed().map((id) => document(id, 2, `k${id.slice(4)}`));
    const lines = [...first, ...second].map((doc) => `[${doc}]\n`);
    // A spill every few documents: more segments than are merged at once, so that merges are merged.
    const report = await importAs(workspace, "a", METADATA + "\n" + lines.join(""), { memtableBytes: 1_500 });
    expect(report).toMatchObject({ documents: 400, revisions: 800, repeated: 0 });
    const items = await kept(workspace, "lab/a");
    expect(items.map(({ key }) => key)).toEqual(ids.toSorted());
    for (const { key, parts } of items) {
      const number = key.slice(4);
      const revs = parts.map((part) => (JSON.parse(part) as { _rev: string })._rev);
      expect(revs).toEqual([`2-k${number}`, `1-h${number}`]);
    }
    expect(await check(workspace, { readData: true })).toMatchObject({ ok: true, findings: [] });
    const files = await taskFiles(storage);
    expect(files.filter((path) => path.includes("/segments/"))).toHaveLength(1);
  });

  it("keeps contents of attachments, also of leaves that share them, and says which are not in the file", async () => {
    await using workspace = await newWorkspace();
    const data = Buffer.from("content").toString("base64");
    const whole = `{"_attachments":{"f":{"contentType":"a/b","revpos":1,"data":"${data}"}},"_id":"a","_rev":"1-aa"}`;
    const stub = `{"_attachments":{"g":{"contentType":"a/b","revpos":1,"stub":true,"length":3,"digest":"md5-x"}},"_id":"b","_rev":"1-bb"}`;
    const report = await importAs(workspace, "a", `[${whole},${stub}]\n`);
    expect(report).toMatchObject({
      blobs: 1,
      contentMissing: { documents: 1, examples: [{ key: "b", attachments: ["g"] }] },
    });
    expect(report.warnings.join("\n")).toMatch(
      /1 documents have attachments whose content is not in the file/,
    );
    const [a, b] = await kept(workspace, "lab/a");
    const sha256 = "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73";
    expect(a?.blobs).toEqual([{ part: 0, name: "f", sha256 }]);
    expect(b?.blobs).toEqual([]);
  });

  it("of a preview reads everything, writes nothing, and still refuses what an import would", async () => {
    const storage = memoryStorage();
    await using workspace = await newWorkspace(storage);
    const report = await importAs(workspace, "a", FILE, { apply: false });
    expect(report).toMatchObject({ applied: false, revisions: 2, documents: null, run: null });
    await expect(importAs(workspace, "a", FILE.slice(0, -1), { apply: false })).rejects.toThrow(/cut off/);
    expect(await taskFiles(storage)).toEqual([]);
  });

  it("unpacks a file that is compressed as a whole, and notices when that one is cut off", async () => {
    await using workspace = await newWorkspace();
    const packed = gzipSync(FILE);
    expect(await importAs(workspace, "a", packed)).toMatchObject({ documents: 2, format: "couchbackup" });
    await expect(importAs(workspace, "b", packed.subarray(0, -12))).rejects.toMatchObject({
      code: "import-unusable",
    });
  });

  it("of a source that nobody has configured says so", async () => {
    await using workspace = await newWorkspace();
    const { warnings } = await importAs(workspace, "a", FILE);
    expect(warnings).toEqual([expect.stringMatching(/No source is called "lab"/)]);
  });
});

describe("an import refuses, and changes nothing:", () => {
  const refusals: [string, string, string, RegExp][] = [
    ["an empty file", "", "import-unusable", /holds no document/],
    ["a file without a document", `${METADATA}\n[]\n`, "import-unusable", /holds no document/],
    ["a file that is cut off", FILE.slice(0, -9), "import-unusable", /cut off/],
    ["a damaged file", `${METADATA}\n[${A}]\nrubbish\n[${B}]\n`, "import-unusable", /line 3/],
    [
      "a file in which only some documents have a _rev",
      `[${A},{"_id":"n1"},{"_id":"n2"}]\n`,
      "import-unsafe",
      /2 of 3 revisions .*"n1", "n2".*--new-revisions/,
    ],
    [
      "lines that are none of ours",
      '{"format":"holdfast-items","version":9}\n',
      "import-unusable",
      /version 9/,
    ],
    [
      "an archive of something else",
      `${"x".repeat(257)}ustar${"\0".repeat(600)}`,
      "import-unusable",
      /damaged/,
    ],
  ];

  it.each(refusals)("%s", async (_what, file, code, message) => {
    const storage = memoryStorage();
    await using workspace = await newWorkspace(storage);
    const attempt = importAs(workspace, "a", file, { memtableBytes: 1 });
    await expect(attempt).rejects.toThrow(message);
    await expect(attempt).rejects.toMatchObject({ code });
    expect(await taskFiles(storage)).toEqual([]);
  });

  it("a task that has a timeline", async () => {
    await using workspace = await newWorkspace();
    await importAs(workspace, "a", FILE);
    await expect(importAs(workspace, "a", FILE)).rejects.toMatchObject({ code: "target-not-empty" });
    expect(await listDeltas(workspace, { task: "lab/a" })).toHaveLength(1);
  });

  it("an instant in the future, and a stream whose time nobody tells", async () => {
    await using workspace = await newWorkspace();
    await expect(importAs(workspace, "a", FILE, { at: "2026-01-01T03:00:00Z" })).rejects.toThrow(
      /in the future/,
    );
    const untimed = { input: pieces(FILE), source: "lab", collection: "a", apply: true };
    await expect(importFile(workspace, untimed)).rejects.toThrow(/give --at TIME/);
  });
});

it("takes documents without _rev from a file that has none at all, and where only some lack it when asked", async () => {
  await using workspace = await newWorkspace();
  const none = await importAs(workspace, "none", '[{"_id":"x","v":1.0},{"_id":"y"}]\n');
  expect(none).toMatchObject({ documents: 2, madeUpRevisions: 2 });
  expect(none.warnings.join("\n")).toMatch(/made-up revisions, which no database knows/);
  const some = await importAs(workspace, "some", `[${A},{"_id":"y"}]\n`, { newRevisions: true });
  expect(some).toMatchObject({ documents: 2, madeUpRevisions: 1 });
});

describe("the instant", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-import-"));

  it("is the file's own time where nobody says another, and that is said", async () => {
    await using workspace = await newWorkspace();
    const path = join(folder, "old.txt");
    writeFileSync(path, FILE);
    utimesSync(path, new Date("2024-02-29T23:59:59.500Z"), new Date("2024-02-29T23:59:59.500Z"));
    const report = await importFile(workspace, { input: path, source: "lab", collection: "a", apply: true });
    expect(report).toMatchObject({ instant: "2024-02-29T23:59:59Z", instantFrom: "the file's own time" });
    expect(report.warnings.join("\n")).toMatch(/is unknown: the file's own time/);
    const dated = { input: path, source: "lab", collection: "b", apply: true, at: "2024-01-31" };
    expect(await importFile(workspace, dated)).toMatchObject({ instant: "2024-01-31T23:59:59Z" });
    const today = { ...dated, collection: "c", at: "2026-01-01" };
    expect(await importFile(workspace, today)).toMatchObject({ instant: "2026-01-01T02:00:00Z" });
  });

  it("is now for a file that a clock a little ahead of ours has stamped, and refused for one of tomorrow", async () => {
    await using workspace = await newWorkspace();
    const path = join(folder, "ahead.txt");
    writeFileSync(path, FILE);
    const importStamped = async (time: string, collection: string) => {
      utimesSync(path, new Date(time), new Date(time));
      return importFile(workspace, { input: path, source: "lab", collection, apply: true });
    };
    const ahead = await importStamped("2026-01-01T02:04:59.500Z", "a");
    expect(ahead).toMatchObject({ instant: "2026-01-01T02:00:00Z", instantFrom: "the file's own time" });
    await expect(importStamped("2026-01-01T02:05:01Z", "b")).rejects.toThrow(/in the future/);
  });

  it("is the header's in a file of holdfast export", async () => {
    await using workspace = await newWorkspace();
    await importAs(workspace, "a", FILE);
    for (const format of ["ndjson", "tar"] as const) {
      const { bytes } = await exported(workspace, "a", { format });
      const input = pieces(bytes);
      const report = await importFile(workspace, { input, source: "lab", collection: format, apply: true });
      expect(report).toMatchObject({
        instant: "2025-06-01T12:00:00Z",
        instantFrom: "the file's header",
        origin: "lab/a",
      });
    }
  });
});

it("is followed by a baseline of a new epoch when the database itself is backed up, and that says why", async () => {
  await using house = await openHouse();
  await importFile(house.workspace, {
    input: pieces(FILE),
    source: "prod",
    collection: "orders",
    apply: true,
    at: "2025-06-01T12:00:00Z",
  });
  await house.couch.json("PUT", "orders");
  await house.couch.json("PUT", "orders/c", { n: 1 });
  const run = await backUp(house, "orders");
  expect(run).toMatchObject({ kind: "baseline", live: expect.any(Number) as number });
  expect(run.reason).toMatch(/imported from a file/);
  const deltas = await listDeltas(house.workspace, { task: "prod/orders" });
  expect(deltas.map(({ epoch, level }) => [epoch, level])).toEqual([
    [2, "baseline"],
    [1, "baseline"],
  ]);
  house.clock.advance(86_400_000);
  expect(await backUp(house, "orders")).toMatchObject({ kind: "delta", live: 0 });
});

it("leaves nothing committed when any call to the storage fails, and succeeds when it is repeated", async () => {
  const data = Buffer.from("content").toString("base64");
  const attached = `{"_attachments":{"f":{"contentType":"a/b","revpos":1,"data":"${data}"}},"_id":"c","_rev":"1-cc"}`;
  const file = `${METADATA}\n[${A},${B}]\n[${attached},${document("d", 2, "dd")}]\n`;
  const keyrings = new WeakMap<Storage, Repository>();
  const on = (inner: Storage, storage = inner) =>
    new Workspace({ ...(keyrings.get(inner) as Repository), storage }, [], new TestClock());
  for (const fault of [undefined, (index: number) => loseAnswer({ nth: index })]) {
    const calls = await sweepCalls({
      makeStorage: async () => {
        const storage = memoryStorage();
        keyrings.set(storage, await newRepository(storage));
        return storage;
      },
      ...(fault === undefined ? {} : { fault }),
      run: async (storage) => {
        await importAs(on(storage.inner, storage), "a", file, { memtableBytes: 1_000 });
      },
      check: async (storage, { error, struck }) => {
        const workspace = on(storage);
        const committed = (await taskFiles(storage)).some((path) => path.includes("/manifests/"));
        // Whoever is told of a failure may repeat the import: a commit that did happen is found and counts.
        expect([struck, committed]).toEqual([struck, error === undefined]);
        if (!committed) await importAs(workspace, "a", file);
        expect((await kept(workspace, "lab/a")).map(({ key }) => key)).toEqual(["a", "b", "c", "d"]);
        expect((await check(workspace, { readData: true })).ok).toBe(true);
      },
    });
    expect(calls).toBeGreaterThan(15);
  }
});

it("stops when it is told to, and leaves nothing", async () => {
  const storage = memoryStorage();
  await using workspace = await newWorkspace(storage);
  const stop = new AbortController();
  const input = (async function* () {
    yield Buffer.from(`${METADATA}\n[${A}]\n`);
    stop.abort(new Error("stopped"));
    yield Buffer.from(`[${B}]\n`);
  })();
  const request = { input, source: "lab", collection: "a", apply: true, at: "2025-06-01", memtableBytes: 1 };
  await expect(importFile(workspace, request, { signal: stop.signal })).rejects.toThrow("stopped");
  expect(await taskFiles(storage)).toEqual([]);
});
