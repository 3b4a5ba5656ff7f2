/**
 * A timeline that has lived: a baseline, deltas, a merged week with its retired inputs, a held instant, attachments in packs
 * and an undo record; and what each of its instants says, read before anything is damaged.
 */
import { keyText } from "../../../src/model/key.ts";
import type { TaskName } from "../../../src/model/task.ts";
import type { Version } from "../../../src/model/version.ts";
import { restore } from "../../../src/operations/restore.ts";
import { openTimeline } from "../../../src/operations/tasks.ts";
import type { TimelineEntry } from "../../../src/repository/manifest.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { amendManifest } from "../../../src/repository/task-store.ts";
import { SegmentGroup } from "../../../src/timeline/group.ts";
import { mergeNewest } from "../../../src/timeline/merge.ts";
import { backUp, collect, openHouse, type House } from "../../e2e/house.ts";

export const DATABASE = "main";
export const TASK_NAME = `prod/${DATABASE}`;
const DAY_MS = 86_400_000;
const READ_AHEAD_BYTES = 64 * 1024;

export interface LivedHouse extends House {
  readonly task: TaskName;
}

/** Made by real runs against the stand-in. */
export async function livedHouse(): Promise<LivedHouse> {
  const house = await openHouse();
  const { couch, clock } = house;
  const file = (seed: string) => ({ content_type: "image/png", data: btoa(`${seed} `.repeat(40)) });
  await couch.json("PUT", DATABASE);
  const docs: object[] = Array.from({ length: 12 }, (_, index) => ({ _id: `doc ${index}`, index }));
  docs.push({ _id: "with", _attachments: { "a.png": file("first"), "b.png": file("second") } });
  await couch.json("POST", `${DATABASE}/_bulk_docs`, { docs });
  const { task } = await backUp(house, DATABASE);
  for (let round = 1; round <= 4; round++) {
    clock.advance(DAY_MS);
    const { _rev } = (await couch.json("GET", `${DATABASE}/doc%201`)) as { _rev: string };
    const gone = (await couch.json("GET", `${DATABASE}/doc%20${round + 1}`)) as object;
    const changed = [
      { _id: "doc 1", _rev, round },
      { ...gone, _deleted: true },
      { _id: `new ${round}`, _attachments: { "n.png": file(`round ${round}`) } },
    ];
    await couch.json("POST", `${DATABASE}/_bulk_docs`, { docs: changed });
    await backUp(house, DATABASE);
  }
  await mergeFirstDeltas(house, task as TaskName);
  clock.advance(DAY_MS);
  await restore(house.workspace, {
    task: TASK_NAME,
    at: "latest~1",
    scope: { items: ["doc 1"] },
    target: { inPlace: true },
    apply: true,
  });
  return Object.assign(house, { task: task as TaskName });
}

/** Deltas 1 and 2 become a weekly; they are retired, and `doc 1` is held as delta 1 has it. */
async function mergeFirstDeltas({ repository, clock }: House, task: TaskName): Promise<void> {
  const stored = await amendManifest(repository, task, () => undefined);
  const [, first, second] = stored.manifest.entries as [TimelineEntry, TimelineEntry, TimelineEntry];
  const groups = [...first.groups, ...second.groups].map(
    (segments) => new SegmentGroup(repository, task, segments),
  );
  const target = { ...repository, task };
  const merged = await writeSegment(
    target,
    mergeNewest(groups.map((group) => group.scan({}, READ_AHEAD_BYTES))),
  );
  const holder = new SegmentGroup(repository, task, first.groups[0] ?? []);
  const [kept] = (await holder.getMany([Buffer.from("doc 1")])) as [Version];
  const held = await writeSegment(target, [[kept]]);
  const weekly: TimelineEntry = {
    ...second,
    id: "f".repeat(32),
    level: "weekly",
    from: first.from,
    groups: [[merged]],
    counts: { ...merged.counts, storedBytes: merged.bytes },
    runs: 2,
    change: null,
    held: [{ to: first.to, segments: [held] }],
  };
  await amendManifest(repository, task, ({ manifest }) => ({
    ...manifest,
    written: clock.now(),
    entries: [manifest.entries[0] as TimelineEntry, weekly, ...manifest.entries.slice(3)],
    retired: [first, second].map((entry) => ({
      entry,
      retiredAt: clock.now(),
      into: weekly.id,
      generation: manifest.generation + 1,
    })),
  }));
}

/** Every kept instant with every item, its bodies and its attachments. */
export async function everything(house: LivedHouse): Promise<unknown> {
  const timeline = await openTimeline(house.workspace, house.task);
  const states: unknown[] = [];
  for (const instant of timeline.instants) {
    for await (const batch of timeline.at(instant).scan()) {
      for (const version of batch) {
        const blobs: string[] = [];
        for (const ref of version.blobs)
          blobs.push(Buffer.concat(await collect(timeline.blobs.stream(ref))).toString("base64"));
        states.push([instant, keyText(version.key), version.kind, version.revision, version.parts.map(String), blobs]);
      }
    }
  }
  return states;
}

/** A second copy of everything there is now. */
export async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { path } of storage.list("")) await copy.create(path, await storage.read(path));
  return copy;
}

export async function put(storage: Storage, path: string, bytes: Buffer | undefined): Promise<void> {
  await storage.remove(path);
  if (bytes !== undefined) await storage.create(path, bytes);
}

/** The storage as it was when `copy` was made. */
export async function resetTo(storage: Storage, copy: Storage): Promise<void> {
  for await (const { path } of storage.list("")) await storage.remove(path);
  for await (const { path } of copy.list("")) await storage.create(path, await copy.read(path));
}

export function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] as number) ^ 0x10;
  return changed;
}
