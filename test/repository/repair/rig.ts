/**
 * A timeline that has lived: a baseline, a merged week with its retired inputs, a week that still gathers, deltas, a held item,
 * attachments in packs, a condemned file, a page of the journal and an undo record. And what each of its instants says.
 */
import { keyText } from "../../../src/model/key.ts";
import type { PolicySettings } from "../../../src/model/policy/layers.ts";
import type { TaskName } from "../../../src/model/task.ts";
import { addHold } from "../../../src/operations/holds.ts";
import { restore } from "../../../src/operations/restore.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import { Workspace } from "../../../src/operations/workspace.ts";
import type { Manifest, TimelineEntry } from "../../../src/repository/manifest.ts";
import { runRecordPath } from "../../../src/repository/paths.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { readAllRuns, writeJournalPage } from "../../../src/repository/run-journal.ts";
import { readNewestManifest } from "../../../src/repository/task-store.ts";
import { backUp, collect, openHouse, type House } from "../../e2e/house.ts";

const DATABASE = "main";
export const TASK_NAME = `prod/${DATABASE}`;
const DAY_MS = 86_400_000;
/** Daily runs from Friday 2026-01-02 on: the week that ends on the 4th is merged on the 7th, the next one still gathers. */
const ROUNDS = 7;
/** Runs whose records are in the journal. */
const JOURNALED = 2;
const POLICY: PolicySettings = { keep: { daily: 2 }, cleanupAfter: 2 * DAY_MS, anomaly: { enabled: false } };

export interface LivedHouse extends House {
  readonly task: TaskName;
}

const file = (seed: string) => ({ content_type: "image/png", data: btoa(`${seed} `.repeat(40)) });

/** Made by real runs against the stand-in. */
export async function livedHouse(): Promise<LivedHouse> {
  const house = await openHouse();
  const { repository, couch, clock } = house;
  const sources = house.workspace.sources.map((source) => ({
    ...source,
    policy: [{ settings: POLICY, origin: () => "test" }],
  }));
  const workspace = new Workspace(repository, sources, clock);
  const lived = { ...house, workspace };
  await couch.json("PUT", DATABASE);
  const docs: object[] = Array.from({ length: 12 }, (_, index) => ({ _id: `doc ${index}`, index }));
  docs.push({ _id: "with", _attachments: { "a.png": file("first"), "b.png": file("second") } });
  await couch.json("POST", `${DATABASE}/_bulk_docs`, { docs });
  const task = (await backUp(lived, DATABASE)).task as TaskName;
  await addHold(workspace, { task: TASK_NAME, item: "doc 1", reason: "asked for" });
  for (let round = 1; round <= ROUNDS; round++) {
    clock.advance(DAY_MS);
    const { _rev } = (await couch.json("GET", `${DATABASE}/doc%201`)) as { _rev: string };
    const gone = (await couch.json("GET", `${DATABASE}/doc%20${round + 1}`)) as object;
    const changed = [
      { _id: "doc 1", _rev, round },
      { ...gone, _deleted: true },
      { _id: `new ${round}`, _attachments: { "n.png": file(`round ${round}`) } },
    ];
    await couch.json("POST", `${DATABASE}/_bulk_docs`, { docs: changed });
    if (round === ROUNDS) await leaveFile(lived, task);
    await backUp(lived, DATABASE);
  }
  await packJournal(lived, task);
  await restore(workspace, {
    task: TASK_NAME,
    at: "latest~1",
    scope: { items: ["doc 1"] },
    target: { inPlace: true },
    apply: true,
  });
  return {
    ...lived,
    task,
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
    },
  };
}

/** A segment that no manifest names: the next cleanup condemns it. */
async function leaveFile({ repository, workspace }: House, task: TaskName): Promise<void> {
  const timeline = await openTimeline(workspace, TASK_NAME);
  await writeSegment({ ...repository, task }, timeline.at(timeline.instants[0] as number).scan());
}

async function packJournal({ repository }: House, task: TaskName): Promise<void> {
  const oldest = (await collect(readAllRuns(repository, task))).reverse().slice(0, JOURNALED);
  const records = oldest.flatMap((found) => (found.kind === "ended" ? [found.record] : []));
  await writeJournalPage(repository, task, records);
  for (const { run } of records) await repository.storage.remove(runRecordPath(task, run));
}

/** The entry that was merged of retired ones. */
export function mergedEntry({ entries, retired }: Manifest): TimelineEntry {
  const merged = entries.find(
    ({ id, groups }) => groups.length === 1 && retired.some(({ into }) => into === id),
  );
  return merged as TimelineEntry;
}

/** The newest entry that an ordinary run made, and the one before it. */
export function newestRuns({ entries }: Manifest): readonly [newest: TimelineEntry, before: TimelineEntry] {
  const [newest, before] = entries.filter(({ beforeRestore }) => !beforeRestore).reverse();
  return [newest as TimelineEntry, before as TimelineEntry];
}

export async function manifestOf({ repository, task }: LivedHouse): Promise<Manifest> {
  return (await readNewestManifest(repository, task))?.manifest as Manifest;
}

/** Every kept instant, and every held one, with every item, its bodies and its attachments. */
export async function everything({ workspace, task }: LivedHouse): Promise<unknown> {
  const timeline = await openTimeline(workspace, task);
  const states: unknown[] = [];
  for (const { to } of timeline.points) {
    for await (const batch of timeline.at(to).scan()) {
      for (const { key, kind, revision, parts, blobs } of batch) {
        const contents: string[] = [];
        for (const ref of blobs)
          contents.push(Buffer.concat(await collect(timeline.blobs.stream(ref))).toString("base64"));
        states.push([to, keyText(key), kind, revision, parts.map(String), contents]);
      }
    }
  }
  return states;
}

/** A second copy of everything there is now. */
export async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  await resetTo(copy, storage);
  return copy;
}

export async function put(storage: Storage, path: string, bytes: Buffer | undefined): Promise<void> {
  await storage.remove(path);
  if (bytes !== undefined) await storage.create(path, bytes);
}

/** The storage as it was when `copy` was made. */
export async function resetTo(storage: Storage, copy: Storage): Promise<void> {
  for (const { path } of await collect(storage.list(""))) await storage.remove(path);
  for await (const { path } of copy.list("")) await storage.create(path, await copy.read(path));
}

export function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 0x10;
  return changed;
}
