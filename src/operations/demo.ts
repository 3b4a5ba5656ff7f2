/**
 * `demo`: the main job from beginning to end on a stand-in, in plain words, in under a minute.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemClock, type Clock } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { backup } from "./backup.ts";
import { compare } from "./compare.ts";
import { ShopServer } from "./demo/shop-server.ts";
import { listDeltas } from "./deltas.ts";
import { diffInstants, diffItem } from "./diff.ts";
import type { Hooks } from "./hooks.ts";
import { initRepositoryAt } from "./init.ts";
import { itemLog } from "./log.ts";
import { listItems } from "./ls.ts";
import type { RunReport } from "./reports.ts";
import { restore } from "./restore.ts";
import { startSandbox, type Sandbox } from "./sandbox.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

export interface DemoRequest {
  /** Where the demo's repository goes, in a folder of its own; default `holdfast-demo` here. */
  readonly folder?: string;
  /** Default 20,000. */
  readonly documents?: number;
}

/** Told what happens, sentence by sentence. */
export interface Narration {
  readonly say: (text: string) => void;
}

/** What a caller may check of a finished demo. */
export interface DemoReport {
  readonly repository: string;
  readonly passphrase: string;
  readonly task: string;
  readonly documents: number;
  readonly equal: boolean;
}

const DATABASE = "shop";
const SOURCE = "sandbox";
const TASK = `${SOURCE}/${DATABASE}`;
const PASSPHRASE = "holdfast-demo";
const DEFAULT_DOCUMENTS = 20_000;
const DEFAULT_FOLDER = "holdfast-demo";
const DAY_MS = 86_400_000;
/** Days the shop works after the baseline, told of one by one, and those after them. */
const DAYS = 3;
const FURTHER_DAYS = 30;
/** A document that changes every day, as `workADay` picks them. */
const DIFF_SAMPLES = 5;
/** How far back into the month the demo asks. */
const ASKED_SHARE = 0.6;

/** Errors: `repository-exists` when the folder is taken; whatever goes wrong on the way, which it should not. */
export async function runDemo(request: DemoRequest, hooks: Hooks & Narration): Promise<DemoReport> {
  const documents = request.documents ?? DEFAULT_DOCUMENTS;
  const started = systemClock.now();
  const folder = await demoFolder(request.folder ?? DEFAULT_FOLDER, started);
  await using sandbox = await startSandbox({ couchdb: {} });
  hooks.say(`A stand-in for CouchDB is running at ${sandbox.url}. Nothing leaves this machine.`);
  const shop = new ShopServer(sandbox, DATABASE);
  const { conflicts } = await shop.fill(documents, (done) =>
    hooks.progress?.({ operation: "demo", task: TASK, phase: "fill", done, total: documents, bytes: 0 }),
  );
  hooks.say(
    `It holds a shop of ${count(documents)} documents, ${conflicts} of them in conflict, with photographs and design documents.`,
  );

  await initRepositoryAt({ folder }, { passphrase: PASSPHRASE, label: "demo" }, hooks);
  const clock = new CalendarClock(systemClock.now() - (DAYS + FURTHER_DAYS + 1) * DAY_MS);
  await using workspace = await openWorkspace({
    repository: { folder },
    credential: { kind: "passphrase", passphrase: PASSPHRASE },
    sources: [sourceSettings(sandbox)],
    clock,
  });
  hooks.say(describeRun("A baseline keeps everything", await backUp(workspace, hooks)));
  for (let day = 1; day <= DAYS; day++) {
    const edited = await shop.workADay(day, documents);
    clock.nextDay();
    const run = await backUp(workspace, hooks);
    hooks.say(
      describeRun(
        `Day ${day}: ${count(edited.changed)} documents changed, ${edited.added} added, ${edited.deleted} deleted. A delta keeps just those`,
        run,
      ),
    );
  }
  await tellAHistory(workspace, hooks);
  let good = "";
  for (let day = DAYS + 1; day <= DAYS + FURTHER_DAYS; day++) {
    await shop.workADay(day, documents);
    clock.nextDay();
    good = (await backUp(workspace, hooks)).instant ?? "";
  }
  await tellWhatIsLeft(workspace, hooks);

  const damage = await shop.damage();
  hooks.say(
    `Now a script goes wrong: ${count(damage.changed)} documents overwritten or deleted, and the validation rules are gone.`,
  );
  clock.nextDay();
  const marked = await backUp(workspace, hooks);
  hooks.say(describeRun("The next delta keeps that too, as it keeps everything", marked));
  for (const { message } of marked.anomalies ?? []) hooks.say(`But it is marked: ${message}`);
  if (marked.frozen !== undefined) {
    hooks.say(
      `Nothing of this timeline is merged or cleaned up until somebody has looked; its last good instant is ${marked.frozen.lastGood}.`,
    );
  }
  const differing = await collect(diffInstants(workspace, { task: TASK, a: "latest~1" }, hooks));
  hooks.say(`Between the last good instant and now ${count(differing.length)} items differ.`);

  const equal = await putBack(workspace, hooks, good);
  hooks.say(
    [
      "",
      `Done in ${((systemClock.now() - started) / 1_000).toFixed(1)} s. The repository lies in ${folder}`,
      `(passphrase: ${PASSPHRASE}). Look around in it:`,
      `  export HOLDFAST_PASSPHRASE=${PASSPHRASE} HOLDFAST_REPOSITORY=${folder}`,
      `  ./holdfast deltas ${TASK}`,
      `  ./holdfast log ${TASK} order:000107`,
      `  ./holdfast check --read-data`,
    ].join("\n"),
  );
  return { repository: folder, passphrase: PASSPHRASE, task: TASK, documents, equal };
}

async function tellAHistory(workspace: Workspace, hooks: Hooks & Narration): Promise<void> {
  const changed = await collect(diffInstants(workspace, { task: TASK, a: "latest~3" }, hooks));
  const item = changed.find((row) => row.change === "changed")?.key ?? "";
  hooks.say(`\nThe history of ${item}, newest first:`);
  for await (const row of itemLog(workspace, { task: TASK, item }, hooks)) {
    hooks.say(`  ${row.instant}  ${row.level.padEnd(8)}  ${row.revision}`);
  }
  const { lines } = await diffItem(workspace, { task: TASK, item }, hooks);
  hooks.say("What changed in it between the last two:");
  for (const line of lines.slice(0, DIFF_SAMPLES)) hooks.say(`  ${line}`);
  hooks.say("");
}

/** How the timeline has aged: days have become weeks and months. */
async function tellWhatIsLeft(workspace: Workspace, hooks: Hooks & Narration): Promise<void> {
  const deltas = await listDeltas(workspace, { task: TASK }, hooks);
  const left = [...Map.groupBy(deltas, ({ level }) => level)]
    .filter(([level]) => level !== "baseline")
    .map(([level, rows]) => `${rows.length} ${level}`);
  const runs = DAYS + FURTHER_DAYS;
  hooks.say(
    `A month passes, with a backup every day. Of the ${runs} deltas the policy has left ${left.join(", ")}: the older, the coarser.`,
  );
  const asked = new Date(workspace.clock.now() - FURTHER_DAYS * DAY_MS * ASKED_SHARE).toISOString();
  const notes: string[] = [];
  const note = (text: string): number => notes.push(text);
  for await (const _item of listItems(
    workspace,
    { task: TASK, at: asked, prefix: "none:" },
    { ...hooks, note },
  ));
  hooks.say(`Whoever asks for ${asked.slice(0, 10)} is told how exact the answer is: "${notes.join(" ")}"\n`);
}

/** Restores into a new database, proves it, then repairs the damaged one in place and proves that. */
async function putBack(workspace: Workspace, hooks: Hooks & Narration, at: string): Promise<boolean> {
  const copy = `${DATABASE}-restored`;
  const restored = await restore(
    workspace,
    { task: TASK, at, scope: {}, target: { collection: copy }, apply: true },
    hooks,
  );
  const proof = await compare(workspace, { task: TASK, at, target: { collection: copy } }, hooks);
  hooks.say(
    `The last good instant is restored into the new database "${copy}" in ${seconds(restored.durationMs)}, and compared item by item: ` +
      `${count(proof.items)} items, ${count(proof.parts)} revisions, ${count(proof.blobs)} attachments: ${proof.equal ? "equal" : "DIFFERENT"}.`,
  );
  const preview = await restore(
    workspace,
    { task: TASK, at, scope: {}, target: { inPlace: true }, apply: false, newerItems: "delete" },
    hooks,
  );
  const { change, create, same } = preview.counts;
  hooks.say(
    `A preview of restoring in place says: ${count(change)} to change, ${count(create)} to bring back, ${count(same)} already equal.`,
  );
  const repaired = await restore(
    workspace,
    { task: TASK, at, scope: {}, target: { inPlace: true }, apply: true, newerItems: "delete" },
    hooks,
  );
  const again = await restore(
    workspace,
    { task: TASK, at, scope: {}, target: { inPlace: true }, apply: false, newerItems: "delete" },
    hooks,
  );
  const left = again.counts.change + again.counts.create + again.counts.delete;
  hooks.say(
    `The damaged database is repaired in place in ${seconds(repaired.durationMs)}; a second look finds ${left} items left to do. ` +
      `It can be undone: holdfast undo ${TASK} ${repaired.undo}`,
  );
  const failed = restored.failures.length + repaired.failures.length;
  if (!proof.equal || left > 0 || failed > 0) {
    throw new HoldfastError(
      "internal",
      `The demo's restore left ${proof.differenceCount + left + failed} items wrong.`,
    );
  }
  return proof.equal;
}

async function backUp(workspace: Workspace, hooks: Hooks): Promise<RunReport> {
  const [report] = await collect(backup(workspace, { select: [TASK] }, hooks));
  if (report?.state !== "committed") {
    throw new HoldfastError(
      "internal",
      `The demo's backup ended ${report?.state}: ${report?.error?.message ?? ""}`,
    );
  }
  return report;
}

function describeRun(what: string, run: RunReport): string {
  const versions = run.live + run.deleted + run.purged;
  return `${what}: ${count(versions)} versions in ${seconds(run.durationMs)}, ${kilobytes(run.storedBytes)} stored.`;
}

function sourceSettings(sandbox: Sandbox) {
  const { name: username, password } = sandbox.user;
  return {
    name: SOURCE,
    collections: [DATABASE],
    exclude: [],
    options: { kind: "couchdb", url: sandbox.url, auth: { kind: "basic", username, password } },
  } as const;
}

async function demoFolder(parent: string, now: number): Promise<string> {
  const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").toLowerCase();
  await mkdir(resolve(parent), { recursive: true });
  return join(resolve(parent), stamp);
}

/** Real time, shifted: the demo's days pass when it says so. */
class CalendarClock implements Clock {
  #shift: number;

  constructor(start: number) {
    this.#shift = start - systemClock.now();
  }

  now(): number {
    return systemClock.now() + this.#shift;
  }

  nextDay(): void {
    this.#shift += DAY_MS;
  }
}

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const count = (value: number): string => value.toLocaleString("en");
const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1_000).toLocaleString("en")} kB`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
