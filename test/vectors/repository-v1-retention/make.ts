/**
 * Made the golden repositories of format 1 with rollups, holds, cleanup, repair and erasure, once:
 * `node test/vectors/repository-v1-retention/make.ts`. It refuses to make them again, because what is proven with them is that
 * repositories made by that Holdfast stay readable.
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Clock } from "../../../src/model/clock.ts";
import type { TaskName } from "../../../src/model/task.ts";
import { backup } from "../../../src/operations/backup.ts";
import { check } from "../../../src/operations/check.ts";
import { erase } from "../../../src/operations/erase.ts";
import { addHold } from "../../../src/operations/holds.ts";
import { repair } from "../../../src/operations/repair.ts";
import { restore } from "../../../src/operations/restore.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import { initRepository } from "../../../src/repository/init-repository.ts";
import { newestEntry } from "../../../src/repository/manifest.ts";
import { manifestPath, packPath, runRecordPath, segmentPath } from "../../../src/repository/paths.ts";
import { readAllRuns, writeJournalPage } from "../../../src/repository/run-journal.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { openFolder } from "../../../src/repository/storage/folder.ts";
import { startCouchDB } from "../../../src/sandbox/couchdb/index.ts";
import { collect, Couch, sourceAt } from "../../e2e/house.ts";
import type { Expected } from "./expected.ts";
import { digestsIn, findingsOf, makeDamaged, readStates, repairsOf } from "./reading.ts";

const FOLDER = join(import.meta.dirname, "repository");
const DAMAGE = join(import.meta.dirname, "damage");
const DATABASE = "golden";
const TASK = `prod/${DATABASE}`;
const DAY_MS = 86_400_000;
const PASSPHRASE = "golden passphrase é";
const CHEAP = { memoryKiB: 1_024, passes: 1, parallelism: 1 };
/** A byte of the first block of a small segment. */
const IN_FIRST_BLOCK = 200;

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
const storage = openFolder(FOLDER);
const { file, keyring } = await initRepository(storage, {
  slots: [{ kind: "passphrase", passphrase: PASSPHRASE, label: "operators", right: "read", kdf: CHEAP }],
  clock,
});
const policy = [
  {
    settings: { keep: { daily: 2 }, cleanupAfter: 2 * DAY_MS, anomaly: { enabled: false } },
    origin: () => "make.ts",
  },
];
const source = { ...sourceAt(server.url, ["*"]), policy };
await using workspace = new Workspace({ id: file.repository, storage, keyring }, [source], clock);

/** Documents as raw text, so that nothing is rewritten on its way. */
async function write(...docs: readonly string[]): Promise<void> {
  const { status, text } = await couch.send("POST", `${DATABASE}/_bulk_docs`, `{"docs":[${docs.join()}]}`);
  if (status !== 201 || text.includes('"error"')) throw new Error(`${status}: ${text}`);
}

async function edited(id: string, members: string): Promise<string> {
  const { _rev } = (await couch.json("GET", `${DATABASE}/${encodeURIComponent(id)}`)) as { _rev: string };
  return `{"_id":"${id}","_rev":"${_rev}",${members}}`;
}

function attached(name: string, content: string): string {
  const data = Buffer.from(content).toString("base64");
  return `"_attachments":{"${name}":{"content_type":"text/plain","data":"${data}"}}`;
}

async function run(): Promise<TaskName> {
  const [report] = await collect(backup(workspace, { select: [TASK] }));
  if (report?.state !== "committed" || report.maintenance?.error !== undefined)
    throw new Error(JSON.stringify(report));
  return report.task as TaskName;
}

async function damage(path: string): Promise<void> {
  const bytes = await storage.read(path);
  bytes[IN_FIRST_BLOCK] = (bytes[IN_FIRST_BLOCK] as number) ^ 1;
  await storage.remove(path);
  await storage.create(path, bytes);
}

await couch.json("PUT", DATABASE);
await write(
  `{"_id":"order","n":12345678901234567890,"f":1.0}`,
  `{"_id":"fading","state":"first"}`,
  `{"_id":"file",${attached("note.txt", "text that compresses ".repeat(20))}}`,
  `{"_id":"old 1"}`,
  `{"_id":"old 2"}`,
);
const task = await run();
await addHold(workspace, { task: TASK, item: "order", reason: "asked for by the court" });
for (let day = 1; day <= 9; day++) {
  clock.time += DAY_MS;
  if (day === 7) {
    // The only change of the day, and what is given up: its delta is damaged before anybody copies it.
    await write(await edited("fading", `"state":"lost"`));
    await run();
    const timeline = await openTimeline(workspace, TASK);
    await damage(segmentPath(task, newestEntry(timeline.manifest).groups[0]?.[0]?.id ?? ""));
    const report = await repair(workspace, { readData: true, acceptLoss: true, apply: true });
    if (report.lost !== 1) throw new Error(JSON.stringify(report));
    continue;
  }
  await write(
    await edited("order", `"n":12345678901234567890,"f":${day}.50`),
    `{"_id":"new ${day}",${attached("day.txt", `day ${day} `.repeat(10))}}`,
    ...(day <= 2 ? [await edited(`old ${day}`, `"_deleted":true`)] : []),
    ...(day === 5 ? [`{"_id":"forget me","name":"somebody"}`] : []),
    ...(day === 8 ? [await edited("fading", `"state":"last"`)] : []),
  );
  if (day === 9) {
    // Left by nobody that is known: the cleanup after the run condemns it.
    const timeline = await openTimeline(workspace, TASK);
    await writeSegment({ storage, keyring, task }, timeline.at(timeline.instants[0] as number).scan());
  }
  await run();
  if (day === 4) await addHold(workspace, { task: TASK, at: "latest", reason: "the books were closed" });
}
const oldest = (await collect(readAllRuns(workspace.repository, task))).reverse().slice(0, 2);
const records = oldest.flatMap((found) => (found.kind === "ended" ? [found.record] : []));
await writeJournalPage(workspace.repository, task, records);
for (const record of records) await storage.remove(runRecordPath(task, record.run));
await erase(workspace, { task: TASK, item: "forget me", reason: "asked by the person" });
clock.time += DAY_MS;
await write(await edited("order", `"after":true`));
await restore(workspace, {
  task: TASK,
  at: "latest",
  scope: { items: ["order"] },
  target: { inPlace: true },
  apply: true,
});
await check(workspace, { readData: true });

const { manifest } = await openTimeline(workspace, TASK);
const merged = manifest.entries.find(({ id }) => manifest.retired.some(({ into }) => into === id));
const [newest] = manifest.entries.filter(({ beforeRestore }) => !beforeRestore).reverse();
const flipped = [
  segmentPath(task, newest?.groups[0]?.[0]?.id ?? ""),
  packPath(task, manifest.packs[0]?.id ?? ""),
  runRecordPath(task, newest?.id ?? ""),
];
for (const path of flipped) {
  const bytes = await storage.read(path);
  bytes[IN_FIRST_BLOCK] = (bytes[IN_FIRST_BLOCK] as number) ^ 1;
  await mkdir(dirname(join(DAMAGE, path)), { recursive: true });
  await writeFile(join(DAMAGE, path), bytes);
}
const removed = [
  segmentPath(task, merged?.groups[0]?.[0]?.id ?? ""),
  manifestPath(task, manifest.chainFrom + 1),
];
const whole = await findingsOf(workspace);
const states = await readStates(workspace, TASK);
const files = await digestsIn(FOLDER);
const broken = await mkdtemp(join(tmpdir(), "holdfast-golden-"));
await makeDamaged(FOLDER, DAMAGE, removed, broken);
await using damaged = new Workspace(
  { id: file.repository, storage: openFolder(broken), keyring },
  [source],
  clock,
);

const expected: Expected = {
  repository: file.repository,
  task,
  collection: DATABASE,
  passphrase: PASSPHRASE,
  states,
  entries: manifest.entries.map(({ level, to, runs }) => ({ level, to: new Date(to).toISOString(), runs })),
  retired: manifest.retired.map(({ entry }) => new Date(entry.to).toISOString()),
  holds: manifest.holds.map(({ kind, reason }) => ({ kind, reason })),
  runs: (await collect(readAllRuns(workspace.repository, task))).map((found) =>
    found.kind === "ended" ? found.record.state : found.kind,
  ),
  notes: whole,
  files,
  damaged: {
    removed,
    files: await digestsIn(DAMAGE),
    findings: await findingsOf(damaged),
    repair: await repairsOf(damaged),
  },
};
await writeFile(join(import.meta.dirname, "expected.json"), `${JSON.stringify(expected, undefined, 2)}\n`);
await rm(broken, { recursive: true });
