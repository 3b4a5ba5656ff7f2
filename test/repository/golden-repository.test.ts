/**
 * A repository of format 1 as an earlier Holdfast wrote it: it opens, reads and checks, and reading changes no byte.
 */
import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keyOf } from "../../src/model/key.ts";
import type { TaskName } from "../../src/model/task.ts";
import type { Version } from "../../src/model/version.ts";
import { catBlob, catItem } from "../../src/operations/cat.ts";
import { check } from "../../src/operations/check.ts";
import { itemLog } from "../../src/operations/log.ts";
import { listItems } from "../../src/operations/ls.ts";
import { listRuns } from "../../src/operations/runs.ts";
import { readUndoRecord } from "../../src/operations/restore/undo-record.ts";
import { listTasks, openTimeline } from "../../src/operations/tasks.ts";
import { openWorkspace, type Workspace } from "../../src/operations/workspace.ts";
import type { Credential } from "../../src/repository/sealing/slots.ts";
import { collect } from "../e2e/house.ts";
import type { Expected } from "../vectors/repository-v1/expected.ts";

const VECTORS = join(import.meta.dirname, "../vectors/repository-v1");
const expected = JSON.parse(await readFile(join(VECTORS, "expected.json"), "utf8")) as Expected;
const task = expected.task as TaskName;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
  await cp(join(VECTORS, "repository"), folder, { recursive: true });
});

afterAll(async () => rm(folder, { recursive: true }));

async function open(credential: Credential): Promise<Workspace> {
  return openWorkspace({ repository: { folder }, credential, sources: [] });
}

async function digests(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found[path.slice(folder.length + 1)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return found;
}

const plain = ({ key, kind, revision, parts, blobs }: Version) => ({
  key: key.toString(),
  kind,
  revision,
  parts: parts.map(String),
  blobs: blobs.map(({ name }) => name),
});

const { passphrase, identity, writePassphrase } = expected.keys;

describe.each<[string, Credential]>([
  ["its passphrase", { kind: "passphrase", passphrase }],
  ["its age identity", { kind: "identity", identity }],
])("the golden repository, opened by %s", (_, credential) => {
  it("gives every instant, byte for byte", async () => {
    await using workspace = await open(credential);
    expect(workspace.repository.id).toBe(expected.repository);
    const timeline = await openTimeline(workspace, task);
    expect(timeline.instants.map((at) => new Date(at).toISOString())).toEqual(
      expected.states.map(({ instant }) => instant),
    );
    for (const { instant, items } of expected.states) {
      const scanned = (await collect(timeline.at(Date.parse(instant)).scan())).flat();
      expect(scanned.map(plain)).toEqual(
        items.map((item) => ({ ...item, blobs: item.blobs.map(({ name }) => name) })),
      );
      const looked = await timeline.at(Date.parse(instant)).getMany(items.map(({ key }) => keyOf(key)));
      expect(looked.map((version) => version && plain(version))).toEqual(scanned.map(plain));
      const rows = await collect(listItems(workspace, { task, at: instant, deleted: true }));
      expect(rows.map(({ key }) => key)).toEqual(
        items.filter(({ kind }) => kind !== "purged").map(({ key }) => key),
      );
      for (const { key, parts, blobs } of items) {
        const read = await catItem(workspace, { task, item: key, at: instant });
        expect(read.parts.map(String)).toEqual(parts);
        for (const { name, base64 } of blobs) {
          const pieces = await collect(catBlob(workspace, { task, item: key, name, at: instant }));
          expect(Buffer.concat(pieces).toString("base64")).toBe(base64);
        }
      }
    }
  });

  it("gives every item's history, the runs, the undo record and the task", async () => {
    await using workspace = await open(credential);
    for (const [item, versions] of Object.entries(expected.history)) {
      const rows = await collect(itemLog(workspace, { task, item }));
      const told = rows.map(({ instant, kind, revision }) => ({
        instant: new Date(instant).toISOString(),
        kind,
        revision,
      }));
      expect(told).toEqual(versions);
    }
    const runs = await collect(listRuns(workspace, { task }));
    expect(runs.map(({ state }) => state).toReversed()).toEqual(expected.runs);
    const undo = await readUndoRecord(workspace.repository, task, expected.undo.restore);
    expect(undo.touched.map(({ key }) => key.toString())).toEqual(expected.undo.items);
    expect(new Date(undo.restored).toISOString()).toBe(expected.undo.restored);
    expect(await listTasks(workspace)).toMatchObject([
      { task, source: "prod", kind: "couchdb", collection: expected.collection },
    ]);
  });

  it("is sound to its last byte", async () => {
    await using workspace = await open(credential);
    expect(await check(workspace, { readData: true, remember: false })).toMatchObject({
      ok: true,
      findings: [],
    });
  });
});

describe("the golden repository", () => {
  it("opens by its write-only passphrase for looking after, not for reading", async () => {
    await using workspace = await open({ kind: "passphrase", passphrase: writePassphrase });
    expect(workspace.repository.keyring.right).toBe("write");
    expect(await check(workspace, {})).toMatchObject({ ok: true, findings: [] });
    await expect(collect(listItems(workspace, { task }))).rejects.toMatchObject({ code: "no-read-right" });
  });

  it("holds a conflict, a tombstone, a purged item, and attachments stored plain and compressed", () => {
    const items = expected.states.flatMap((state) => state.items);
    expect(new Set(items.map(({ kind }) => kind))).toEqual(new Set(["live", "deleted", "purged"]));
    expect(items.some(({ parts }) => parts.length === 2)).toBe(true);
    expect(new Set(items.flatMap(({ blobs }) => blobs.map(({ name }) => name)))).toEqual(
      new Set(["note.txt", "pixel.png"]),
    );
  });

  it("has the very bytes it was made with, and reading changed none", async () => {
    expect(await digests()).toEqual(expected.files);
  });
});
