import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { exportInstant } from "../../src/operations/export.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { failCall, faultyStorage } from "../faults/storage-faults.ts";
import { exported, importAs, METADATA, newWorkspace, taskFiles } from "./exchange-rig.ts";
import { inventedTimeline, leafText, type InventedLeaf } from "./exchange-source.ts";

function leaf(rev: string, members = "", attachments: InventedLeaf["attachments"] = []): InventedLeaf {
  return { rev, deleted: false, members, attachments };
}

async function full(): Promise<void> {
  throw new Error("full");
}

const LONG = "word ".repeat(400);
const DOCUMENTS = [
  { id: "a", leaves: [leaf("2-b", '"n":1.0'), leaf("2-a", '"n":12345678901234567890')] },
  { id: "gone", leaves: [{ ...leaf("3-c"), deleted: true }] },
  {
    id: "../scan/😀",
    leaves: [
      leaf("1-d", "", [
        { name: "text/ü", content: Buffer.from(LONG), encoding: "gzip" },
        { name: "b", content: Buffer.from([0, 1, 255]), encoding: "identity" },
      ]),
    ],
  },
  { id: "_design/strict", leaves: [leaf("1-e", '"validate_doc_update":"function () {}"')] },
  { id: "_design/view", leaves: [leaf("1-f", '"views":{}')] },
  { id: "zzz", leaves: [leaf("1-g", '"raw":"\u2028\u2029é"')] },
] as const;

interface FileDocument {
  readonly _id: string;
  readonly _rev: string;
  readonly _revisions: unknown;
  readonly _attachments?: Record<string, { contentType: string; data?: string; stub?: true }>;
}

function linesOf(bytes: Buffer): FileDocument[][] {
  const [metadata, ...lines] = bytes.toString("utf8").split("\n");
  expect(JSON.parse(metadata ?? "")).toMatchObject({ name: "@cloudant/couchbackup", mode: "full" });
  expect(lines.pop()).toBe("");
  return lines.map((line) => JSON.parse(line) as FileDocument[]);
}

describe("as a couchbackup file, an instant", () => {
  it("has every leaf revision with its history, attachments in the tool's spelling, plain bytes as base64", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS);
    const { bytes, report } = await exported(workspace, "", { task: "prod/invented" });
    const documents = linesOf(bytes).flat();
    expect(documents.map(({ _id, _rev }) => `${_id} ${_rev}`)).toEqual([
      "../scan/😀 1-d",
      "a 2-b",
      "a 2-a",
      "gone 3-c",
      "zzz 1-g",
      "_design/view 1-f",
      "_design/strict 1-e",
    ]);
    expect(documents.every(({ _revisions }) => _revisions !== undefined)).toBe(true);
    const { _attachments } = documents[0] as FileDocument;
    expect(_attachments).toMatchObject({
      "text/ü": { contentType: "a/b", data: Buffer.from(LONG).toString("base64") },
      b: { contentType: "a/b", data: "AAH/" },
    });
    expect(bytes.toString("latin1")).not.toContain("content_type");
    expect(bytes.toString("latin1")).toContain('"n":12345678901234567890');
    expect(bytes.toString("latin1")).toContain('"n":1.0');
    // Nothing beyond ASCII: no reader can take a character for a line end, or cut one in two.
    expect(bytes.every((byte) => byte === 0x0a || (byte >= 0x20 && byte < 0x7f))).toBe(true);
    expect(report).toMatchObject({
      documents: 6,
      revisions: 7,
      deleted: 1,
      blobs: 2,
      contentMissing: 0,
      validators: 1,
      leftOut: { security: 1, settings: 1, local: 0 },
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
  });

  it("has design documents on the last lines, those that validate writes at the very end", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS);
    const { bytes } = await exported(workspace, "", { task: "prod/invented" });
    expect(linesOf(bytes).map((line) => line.map(({ _id }) => _id))).toEqual([
      ["../scan/😀", "a", "a", "gone", "zzz"],
      ["_design/view"],
      ["_design/strict"],
    ]);
  });

  it("has at most 500 revisions and a million bytes on a line, one revision of more on its own", async () => {
    const content = Buffer.alloc(900_000, 1);
    const documents = [
      ...Array.from({ length: 1_100 }, (_, n) => ({ id: `doc ${n + 1_000}`, leaves: [leaf("1-a")] })),
      { id: "large 1", leaves: [leaf("1-a", "", [{ name: "x", content, encoding: "identity" }])] },
      { id: "large 2", leaves: [leaf("1-a", `"pad":"${"p".repeat(600_000)}"`)] },
      { id: "large 3", leaves: [leaf("1-a", `"pad":"${"p".repeat(600_000)}"`)] },
    ];
    await using workspace = await inventedTimeline(documents);
    const { bytes } = await exported(workspace, "", { task: "prod/invented" });
    expect(linesOf(bytes).map((line) => line.length)).toEqual([500, 500, 100, 1, 1, 1]);
    const few = await exported(workspace, "", { task: "prod/invented", lineDocuments: 600 });
    expect(linesOf(few.bytes)[0]).toHaveLength(600);
  });

  it("without attachments has their stubs, and says so in its first line", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS);
    const { bytes, report } = await exported(workspace, "", { task: "prod/invented", attachments: false });
    expect(bytes.toString("latin1").split("\n")[0]).toContain('"attachments":false');
    expect(linesOf(bytes).flat()[0]?._attachments?.["b"]).toMatchObject({ contentType: "a/b", stub: true });
    expect(report).toMatchObject({ blobs: 0, contentMissing: 2 });
  });

  it("announces no attachments where the timeline has none, so that couchrestore needs no option", async () => {
    await using workspace = await inventedTimeline([DOCUMENTS[0]]);
    const { bytes } = await exported(workspace, "", { task: "prod/invented" });
    expect(bytes.toString("latin1").split("\n")[0]).toContain('"attachments":false');
  });
});

describe("as an archive, an instant", () => {
  it("is unpacked by tar: manifest first, a file for each leaf and attachment, the index last", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-tar-"));
    const file = join(folder, "instant.tar");
    await exportInstant(workspace, {
      task: "prod/invented",
      format: "tar",
      scope: {},
      attachments: true,
      output: file,
    });
    const listed = spawnSync("tar", ["-tf", file], { encoding: "utf8" });
    const names = listed.stdout.trim().split("\n");
    expect(listed.stderr).toBe("");
    expect(names[0]).toBe("manifest.json");
    expect(names.at(-1)).toBe("index.json");
    const scan = "documents/%2E.%2Fscan%2F%F0%9F%98%80/1-d";
    expect(names).toContain(`${scan}.attachments/text%2F%C3%BC`);
    expect(spawnSync("tar", ["-xf", file, "-C", folder], { encoding: "utf8" }).stderr).toBe("");
    expect(readFileSync(join(folder, `${scan}.attachments/text%2F%C3%BC`), "utf8")).toBe(LONG);
    const [first, second] = DOCUMENTS[0].leaves;
    expect(readFileSync(join(folder, "documents/a/2-b.json"), "utf8")).toBe(leafText("a", first));
    expect(readFileSync(join(folder, "documents/a/2-a.json"), "utf8")).toBe(leafText("a", second));
    expect(readFileSync(join(folder, "settings.json"), "utf8")).toBe('{"q":2}');
    const index = JSON.parse(readFileSync(join(folder, "index/000001.json"), "utf8")) as {
      files: { path: string; sha256: string; bytes: number }[];
    };
    for (const { path, sha256, bytes } of index.files) {
      const content = readFileSync(join(folder, path));
      expect([content.length, createHash("sha256").update(content).digest("hex")]).toEqual([bytes, sha256]);
    }
    expect(index.files).toHaveLength(names.length - 2);
  });

  it("holds names of any length and more files than one piece of the index", async () => {
    const documents = Array.from({ length: 2_100 }, (_, n) => ({
      id: `${"long/".repeat(n % 50)}${n}`,
      leaves: [leaf("2-b"), leaf("2-a")],
    }));
    await using workspace = await inventedTimeline(documents);
    const { bytes, report } = await exported(workspace, "", { task: "prod/invented", format: "tar" });
    expect(report).toMatchObject({ documents: 2_100, revisions: 4_200 });
    const listed = spawnSync("tar", ["-tf", "-"], { input: bytes, encoding: "utf8", maxBuffer: 1 << 24 });
    const names = listed.stdout.trim().split("\n");
    expect(names.filter((name) => name.startsWith("index/"))).toEqual([
      "index/000001.json",
      "index/000002.json",
    ]);
    expect(names.filter((name) => name.startsWith("documents/"))).toHaveLength(4_200);
    expect(await importAs(workspace, "again", bytes)).toMatchObject({ documents: 2_100, revisions: 4_200 });
  });
});

describe("a file of Holdfast's own formats", () => {
  it("that is cut off, or of which one byte was changed, is refused", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS.slice(0, 3));
    for (const format of ["ndjson", "tar"] as const) {
      const { bytes } = await exported(workspace, "", { task: "prod/invented", format });
      const step = format === "tar" ? 511 : 97;
      for (let at = 1; at < bytes.length - (format === "tar" ? 1_024 : 0); at += step) {
        const cut = importAs(workspace, "cut", bytes.subarray(0, at), { format, apply: false });
        await expect(cut, `cut at ${at}`).rejects.toMatchObject({ code: "import-unusable" });
      }
      const [part, changed] = format === "ndjson" ? ["12345678", "12345679"] : ["12345678", "12345679"];
      const altered = Buffer.from(bytes.toString("latin1").replace(part, changed), "latin1");
      const attempt = importAs(workspace, "altered", altered, { apply: false });
      await expect(attempt).rejects.toThrow(/altered or damaged/);
    }
  });

  it("of a part says that it is one", async () => {
    await using workspace = await inventedTimeline(DOCUMENTS);
    const scope = { items: ["a", "gone"] };
    const { bytes, report } = await exported(workspace, "", {
      task: "prod/invented",
      format: "ndjson",
      scope,
    });
    expect(report).toMatchObject({ items: 2, documents: 2 });
    const { warnings } = await importAs(workspace, "part", bytes);
    expect(warnings.join("\n")).toMatch(/a part of its instant/);
  });
});

it.each([
  [{ items: ["a", "nothing"] }, ["a", "a"]],
  [{ prefix: "../" }, ["../scan/😀"]],
  [{ selector: { raw: { $exists: true } } }, ["zzz"]],
])("exports what the scope %j chooses", async (scope, ids) => {
  await using workspace = await inventedTimeline(DOCUMENTS);
  const { bytes } = await exported(workspace, "", { task: "prod/invented", scope });
  expect(
    linesOf(bytes)
      .flat()
      .map(({ _id }) => _id),
  ).toEqual(ids);
});

it("fails when none of the chosen items was there", async () => {
  await using workspace = await inventedTimeline(DOCUMENTS);
  const attempt = exported(workspace, "", { task: "prod/invented", scope: { items: ["nothing"] } });
  await expect(attempt).rejects.toMatchObject({ code: "item-not-kept" });
});

describe("a file", () => {
  const request = { task: "lab/a", format: "couchbackup", scope: {}, attachments: true } as const;
  const file = `${METADATA}\n[{"_id":"a","_rev":"1-a"}]\n`;

  it("appears under its name when it is whole, for its owner alone, and replaces an older one", async () => {
    await using workspace = await newWorkspace();
    await importAs(workspace, "a", file);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-export-"));
    const output = join(folder, "a.txt");
    writeFileSync(output, "older");
    await exportInstant(workspace, { ...request, output });
    expect(readFileSync(output, "utf8")).toContain('"_id":"a"');
    expect(readdirSync(folder)).toEqual(["a.txt"]);
    expect(statSync(output).mode & 0o777).toBe(0o600);
  });

  it("is not there after a failure, and an older one stays as it was", async () => {
    const storage = faultyStorage(memoryStorage());
    await using workspace = await newWorkspace(storage);
    await importAs(workspace, "a", file);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-export-"));
    const output = join(folder, "a.txt");
    for (const older of [false, true]) {
      if (older) writeFileSync(output, "older");
      const reads = storage.calls.length;
      storage.faults = [failCall({ nth: reads + 6, times: 1_000 })];
      await expect(exportInstant(workspace, { ...request, output })).rejects.toMatchObject({
        code: "storage-failed",
      });
      storage.faults = [];
      expect(readdirSync(folder)).toEqual(older ? ["a.txt"] : []);
      expect(existsSync(output) && readFileSync(output, "utf8")).toBe(older && "older");
    }
  });

  it("that cannot be written is an error of its own", async () => {
    await using workspace = await newWorkspace();
    await importAs(workspace, "a", file);
    const folder = mkdtempSync(join(tmpdir(), "holdfast-export-"));
    for (const output of [join(folder, "missing", "a.txt"), folder]) {
      await expect(exportInstant(workspace, { ...request, output })).rejects.toMatchObject({
        code: "file-failed",
      });
    }
    // A device is written as it is, and stays one.
    await exportInstant(workspace, { ...request, output: "/dev/null" });
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });
});

it("holds a lease while it reads, waits for whoever takes the bytes, and gives the lease back", async () => {
  const storage = memoryStorage();
  const documents = Array.from({ length: 2_000 }, (_, n) => ({
    id: `doc ${n}`,
    leaves: [leaf("1-a", `"pad":"${"p".repeat(200)}"`)],
  }));
  await using workspace = await inventedTimeline(documents, storage);
  const leases = async () => (await taskFiles(storage)).filter((path) => path.includes("/leases/")).length;
  let open = 0;
  let writes = 0;
  const output = async (): Promise<void> => {
    open += 1;
    writes += 1;
    expect([open, await leases()]).toEqual([1, 1]);
    open -= 1;
  };
  await exported(workspace, "", { task: "prod/invented", output });
  expect(writes).toBeGreaterThan(3);
  expect(await leases()).toBe(0);
});

it("stops when whoever takes the bytes fails or is told to stop, and gives the lease back", async () => {
  const storage = memoryStorage();
  await using workspace = await inventedTimeline(DOCUMENTS, storage);
  for (const format of ["couchbackup", "ndjson", "tar"] as const) {
    await expect(exported(workspace, "", { task: "prod/invented", format, output: full })).rejects.toThrow(
      "full",
    );
    const request = { task: "prod/invented", format, scope: {}, attachments: true } as const;
    const signal = AbortSignal.abort(new Error("stopped"));
    const stopped = exportInstant(workspace, { ...request, output: async () => {} }, { signal });
    await expect(stopped).rejects.toThrow("stopped");
  }
  expect((await taskFiles(storage)).filter((path) => path.includes("/leases/"))).toEqual([]);
});
