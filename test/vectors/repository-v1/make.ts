/**
 * Made the golden repository of format 1, once: `node test/vectors/repository-v1/make.ts`. It refuses to make it again,
 * because what is proven with it is that repositories made by that Holdfast stay readable.
 *
 * What is expected of each instant is held against what the server itself answered at that moment.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Clock } from "../../../src/model/clock.ts";
import { keyOf } from "../../../src/model/key.ts";
import { backup } from "../../../src/operations/backup.ts";
import { restore } from "../../../src/operations/restore.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import { initRepository } from "../../../src/repository/init-repository.ts";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import { Couch, sourceAt } from "../../e2e/house.ts";
import type { Expected, ExpectedState } from "./expected.ts";

const FOLDER = join(import.meta.dirname, "repository");
const DATABASE = "golden";
const DAY_MS = 86_400_000;
const CHEAP = { memoryKiB: 1_024, passes: 1, parallelism: 1 };
const PASSPHRASE = "golden passphrase é";
const WRITE_PASSPHRASE = "golden write-only passphrase";
const SIGNAL = new AbortController().signal;

if (existsSync(FOLDER)) throw new Error(`${FOLDER} exists: the golden repository is never made anew.`);

class DayClock implements Clock {
  time = Date.UTC(2026, 0, 1, 2);

  now(): number {
    return this.time;
  }
}

const clock = new DayClock();
await using server = await startCouchDB();
const couch = new Couch(server.url);
const identity = await generateX25519Identity();
const storage = openFolder(FOLDER);
const { file, keyring } = await initRepository(storage, {
  slots: [
    { kind: "passphrase", passphrase: PASSPHRASE, label: "operators", right: "read", kdf: CHEAP },
    { kind: "age", recipient: await identityToRecipient(identity), label: "safe", right: "read" },
    { kind: "passphrase", passphrase: WRITE_PASSPHRASE, label: "agent", right: "write", kdf: CHEAP },
  ],
  clock,
});
await using workspace = new Workspace(
  { id: file.repository, storage, keyring },
  [sourceAt(server.url, ["*"])],
  clock,
);
const uploaded = new Map<string, string>();
const states: ExpectedState[] = [];

/** Documents as raw text, so that nothing is rewritten on its way. */
async function write(...docs: readonly string[]): Promise<void> {
  const { status, text } = await couch.send("POST", `${DATABASE}/_bulk_docs`, `{"docs":[${docs.join()}]}`);
  if (status !== 201 || text.includes('"error"')) throw new Error(`${status}: ${text}`);
}

async function revision(id: string): Promise<string> {
  const { _rev } = (await couch.json("GET", `${DATABASE}/${encodeURIComponent(id)}`)) as { _rev: string };
  return _rev;
}

function attachment(name: string, type: string, content: string): string {
  uploaded.set(name, Buffer.from(content).toString("base64"));
  return `"_attachments":{"${name}":{"content_type":"${type}","data":"${Buffer.from(content).toString("base64")}"}}`;
}

const withoutHistory = (text: string): string =>
  text.replace(/"_revisions":\{"start":\d+,"ids":\[[^\]]*\]\},?/, "").replace(/,\}$/, "}");

/** Every leaf of a document in the server's own words. */
async function leaves(id: string): Promise<string[]> {
  const path = `${DATABASE}/_bulk_get?revs=true&att_encoding_info=true`;
  const { text } = await couch.send("POST", path, JSON.stringify({ docs: [{ id }] }));
  return text
    .split('{"ok":')
    .slice(1)
    .map((slice) => slice.replace(/\}(,|\]\}(,|\]\}\s*$)[^]*)$/, ""));
}

async function run(): Promise<void> {
  for await (const report of backup(workspace, { select: [`prod/${DATABASE}`] })) {
    if (report.state !== "committed" || report.instant === null) throw new Error(JSON.stringify(report));
  }
  await remember();
}

/** What is kept of the newest instant, held against the server. */
async function remember(): Promise<void> {
  const timeline = await openTimeline(workspace, `prod/${DATABASE}`);
  const instant = timeline.instants.at(-1) as number;
  const items: ExpectedState["items"][number][] = [];
  for await (const batch of timeline.at(instant).scan({}, SIGNAL)) {
    for (const version of batch) {
      const key = version.key.toString();
      const parts = version.parts.map(String);
      if (key !== "_security" && key !== "_settings") {
        const told = (await leaves(key)).map(withoutHistory).sort();
        if (JSON.stringify(parts.map(withoutHistory).sort()) !== JSON.stringify(told)) {
          throw new Error(`${key} is kept as ${parts.join("\n")} but the server says ${told.join("\n")}`);
        }
      }
      const blobs = version.blobs.map(({ name }) => ({ name, base64: uploaded.get(name) ?? "" }));
      items.push({ key, kind: version.kind, revision: version.revision, parts, blobs });
    }
  }
  states.push({ instant: new Date(instant).toISOString(), items });
}

await couch.json("PUT", DATABASE);
await couch.json("PUT", `${DATABASE}/_security`, { members: { roles: ["staff"] } });
await write(
  `{"_id":"order","n":12345678901234567890,"f":1.0,"e":1e2,"10":1,"2":2}`,
  `{"_id":"ü/+ %\u{1F600}","s":"\\u2028 \\u0000 é","x":{"__proto__":null},"empty":{}}`,
  `{"_id":"_design/views","views":{"v":{"map":"function (d) { emit(d._id) }"}}}`,
  `{"_id":"forgotten","why":"purged later"}`,
  `{"_id":"file",${attachment("note.txt", "text/plain", "text that compresses ".repeat(20))}}`,
);
await write(`{"_id":"forked","leaf":"first"}`);
await couch.send(
  "POST",
  `${DATABASE}/_bulk_docs`,
  `{"new_edits":false,"docs":[{"_id":"forked","_rev":"1-${"f".repeat(32)}","leaf":"second"}]}`,
);
await run();

clock.time += DAY_MS;
await write(
  `{"_id":"order","_rev":"${await revision("order")}","f":2.50,"list":[1,[2,[3]]]}`,
  `{"_id":"forked","_rev":"1-${"f".repeat(32)}","_deleted":true}`,
  `{"_id":"image",${attachment("pixel.png", "image/png", "\u0089PNG not compressed")}}`,
);
await couch.json("POST", `${DATABASE}/_purge`, { forgotten: [await revision("forgotten")] });
await run();

clock.time += DAY_MS;
// A run that fails leaves a record and no instant.
server.faults.add({ kind: "status", status: 403 });
for await (const report of backup(workspace, { select: [`prod/${DATABASE}`] })) {
  if (report.state !== "failed") throw new Error(`${report.state} instead of failed`);
}
server.faults.clear();

clock.time += DAY_MS;
await write(`{"_id":"order","_rev":"${await revision("order")}","_deleted":true,"reason":1.0}`);
await run();

clock.time += DAY_MS;
const { undo } = await restore(workspace, {
  task: `prod/${DATABASE}`,
  at: states[0]?.instant ?? "",
  scope: { items: ["order"] },
  target: { inPlace: true },
  apply: true,
});
const timeline = await openTimeline(workspace, `prod/${DATABASE}`);
if (timeline.instants.length !== states.length + 1) throw new Error("the restore kept no state before");
const before = timeline.instants.at(-1) as number;
states.push({ instant: new Date(before).toISOString(), items: states.at(-1)?.items ?? [] });

clock.time += DAY_MS;
await run();

const files: Record<string, string> = {};
for (const entry of await readdir(FOLDER, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath, entry.name);
  const bytes = await readFile(path);
  files[path.slice(FOLDER.length + 1)] = createHash("sha256").update(bytes).digest("hex");
}
const history: Record<string, { instant: string; kind: string; revision: string }[]> = {};
const keptIn = await openTimeline(workspace, `prod/${DATABASE}`);
for (const key of new Set(states.flatMap(({ items }) => items.map((item) => item.key)))) {
  history[key] = [];
  for await (const { entry, version } of keptIn.history(keyOf(key))) {
    const { kind, revision: of } = version;
    history[key].push({ instant: new Date(entry.to).toISOString(), kind, revision: of });
  }
}
const expected: Expected = {
  repository: file.repository,
  task: timeline.task,
  collection: DATABASE,
  keys: { passphrase: PASSPHRASE, identity, writePassphrase: WRITE_PASSPHRASE },
  states,
  history,
  runs: ["committed", "committed", "failed", "committed", "committed", "committed"],
  undo: { restore: undo ?? "", restored: states[0]?.instant ?? "", items: ["order"] },
  files,
};
await writeFile(join(import.meta.dirname, "expected.json"), `${JSON.stringify(expected, undefined, 2)}\n`);
