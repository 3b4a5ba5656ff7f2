/**
 * Timelines for tests of erasure: entries, retired entries, held instants, undo records, an open run and blobs that items
 * share; with a model of what is kept, and a search through every object of the repository for traces of an item.
 */
import { fixedKeyring, TASK } from "../segment/rig.ts";
import type { Version } from "../../../src/model/version.ts";
import { openPack } from "../../../src/repository/blobs/pack-reader.ts";
import { PackWriter } from "../../../src/repository/blobs/pack-writer.ts";
import type { PackInfo, StoredBlob } from "../../../src/repository/blobs/pack.ts";
import { loosePack, looseSegment } from "../../../src/repository/erase/loose-files.ts";
import { decodeBuffers } from "../../../src/repository/json-buffers.ts";
import {
  NO_RETENTION,
  type Hold,
  type Manifest,
  type RetiredEntry,
  type TimelineEntry,
} from "../../../src/repository/manifest.ts";
import { packsOf, segmentsOf } from "../../../src/repository/paths.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { writeCheckpoint } from "../../../src/repository/run-records.ts";
import { openSealedAt, sealedPlaceAt } from "../../../src/repository/sealed-places.ts";
import { segmentBounds } from "../../../src/repository/segment/bounds.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { openSegment } from "../../../src/repository/segment/segment-reader.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  commitManifest,
  readNewestManifest,
  type StoredManifest,
} from "../../../src/repository/task-store.ts";
import { writeUndoPiece } from "../../../src/repository/undo-pieces.ts";
import { Timeline } from "../../../src/timeline/timeline.ts";

export { TASK };
const DAY = 86_400_000;
export const NOW = Date.UTC(2026, 5, 1);
export const CLOCK = { now: () => NOW };
export const SIGNAL = new AbortController().signal;

/** What a day's run saw: items by key; blobs by content. */
export type DayOfItems = Readonly<
  Record<string, { readonly body?: string; readonly blobs?: readonly string[] }>
>;

export function repositoryOn(storage: Storage = memoryStorage()): Repository {
  return { id: "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", storage, keyring: fixedKeyring("read") };
}

export class Builder {
  readonly repository: Repository;
  readonly entries: TimelineEntry[] = [];
  readonly retired: RetiredEntry[] = [];
  readonly packs: PackInfo[] = [];
  holds: Hold[] = [];
  #stored: StoredManifest | undefined;
  #blobs = new Map<string, StoredBlob>();
  #day = 0;
  #epoch = 0;

  constructor(repository: Repository) {
    this.repository = repository;
  }

  get instant(): number {
    return Date.UTC(2026, 0, 1) + this.#day * DAY;
  }

  async segment(items: DayOfItems): Promise<SegmentInfo | undefined> {
    const marks = taskFingerprints(this.repository.keyring, TASK);
    await this.#storeBlobs(items);
    const versions = Object.entries(items)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { body, blobs = [] }]): Version => {
        const key = Buffer.from(name);
        const text = body ?? `secret of ${name} on day ${this.#day}`;
        return {
          key,
          kind: "live",
          revision: `${this.#day}-${name}`,
          observation: { run: this.#id("run"), at: this.instant - 1_000, sequence: String(this.#day) },
          fingerprint: marks.fingerprint(key, Buffer.from(text)),
          parts: [Buffer.from(text)],
          blobs: blobs.map((content) => ({
            ...(this.#blobs.get(content) as StoredBlob),
            alias: marks.alias(`${name} ${content}`),
            part: 0,
            name: content,
          })),
        };
      });
    if (versions.length === 0) return undefined;
    return writeSegment({ ...this.repository, task: TASK }, [versions]);
  }

  async entry(items: DayOfItems, baseline = false): Promise<TimelineEntry> {
    const from = baseline ? null : this.instant;
    this.#day += 1;
    if (baseline) this.#epoch += 1;
    const segment = await this.segment(items);
    return this.entryOf(segment === undefined ? [] : [[segment]], from);
  }

  entryOf(groups: readonly (readonly SegmentInfo[])[], from: number | null): TimelineEntry {
    const all = groups.flat();
    const sum = (of: (segment: SegmentInfo) => number): number =>
      all.reduce((total, segment) => total + of(segment), 0);
    return {
      id: this.#id("entry"),
      epoch: this.#epoch,
      identity: "i",
      level: from === null ? "baseline" : "daily",
      from,
      to: this.instant,
      completeAsOf: this.instant,
      startedAt: this.instant,
      beforeRestore: false,
      reason: "",
      groups,
      counts: {
        live: sum(({ counts }) => counts.live),
        deleted: 0,
        purged: 0,
        bodyBytes: sum(({ counts }) => counts.bodyBytes),
        storedBytes: sum(({ bytes }) => bytes),
      },
      runs: 1,
      change: null,
      anomalies: [],
      held: [],
      lost: [],
    };
  }

  async commit(change: Partial<Manifest> = {}): Promise<StoredManifest> {
    const stored = await commitManifest(this.repository, TASK, this.#stored, {
      ...NO_RETENTION,
      written: this.instant,
      source: { name: "prod", kind: "couchdb", collection: "orders" },
      entries: this.entries,
      packs: this.packs,
      cursor: {},
      runsSinceReconcile: 0,
      retired: this.retired,
      holds: this.holds,
      ...change,
    });
    this.#stored = stored as StoredManifest;
    return this.#stored;
  }

  /** A restore in place touched these items. */
  async undoRecord(restore: string, items: readonly string[]): Promise<void> {
    const touched = await this.segment(Object.fromEntries(items.map((name) => [name, { body: "" }])));
    const piece = { restore, task: TASK, target: "prod/orders", restored: this.instant };
    await writeUndoPiece(this.repository, { ...piece, touched: touched as SegmentInfo }, 1);
  }

  /** A run under way has written these items, and their blobs into packs of its own. */
  async openRun(items: DayOfItems): Promise<string> {
    const run = this.#id("run");
    const blobs = this.#blobs;
    this.#blobs = new Map();
    const before = this.packs.length;
    const segment = (await this.segment(items)) as SegmentInfo;
    const packs = this.packs.splice(before);
    this.#blobs = blobs;
    await writeCheckpoint(this.repository, TASK, {
      run,
      source: { name: "prod", kind: "couchdb", collection: "orders" },
      base: this.#stored?.digest ?? null,
      startedAt: this.instant,
      kind: "delta",
      identity: "i",
      reason: "",
      ordinal: 1,
      cursor: { running: { vanished: Object.keys(items) } },
      groups: [[segment]],
      packs,
      counts: { live: 1, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 },
      after: this.entries.at(-1)?.id ?? null,
    });
    return run;
  }

  async #storeBlobs(items: DayOfItems): Promise<void> {
    const fresh = Object.values(items)
      .flatMap(({ blobs = [] }) => blobs)
      .filter((content) => !this.#blobs.has(content));
    if (fresh.length === 0) return;
    const writer = new PackWriter(this.repository, TASK);
    for (const content of new Set(fresh)) {
      const bytes = (async function* () {
        yield Buffer.from(content);
      })();
      this.#blobs.set(content, await writer.add(bytes, "identity", "0".repeat(32)));
    }
    this.packs.push(...(await writer.finish()));
  }

  #ids = 0;

  #id(kind: "run" | "entry"): string {
    return `${this.instant.toString(16).padStart(12, "0")}${kind === "run" ? "aa" : "ee"}${String(this.#ids++).padStart(18, "0")}`;
  }
}

/** Per instant (retired entries as `retired N`), each item's revision, body and blobs, read through the timeline. */
export async function everything(repository: Repository): Promise<Record<string, Record<string, string>>> {
  const stored = (await readNewestManifest(repository, TASK)) as StoredManifest;
  const { manifest } = stored;
  const state: Record<string, Record<string, string>> = {};
  const read = async (name: string, entries: readonly TimelineEntry[], at: number): Promise<void> => {
    const timeline = new Timeline(repository, TASK, { ...stored, manifest: { ...manifest, entries } });
    const items: Record<string, string> = {};
    for await (const batch of timeline.at(at).scan()) {
      for (const version of batch) {
        const blobs: string[] = [];
        for (const ref of version.blobs) {
          const pieces: Buffer[] = [];
          for await (const piece of timeline.blobs.stream(ref)) pieces.push(piece);
          blobs.push(Buffer.concat(pieces).toString());
        }
        items[version.key.toString()] = [version.revision, ...version.parts.map(String), ...blobs].join("|");
      }
    }
    state[name] = items;
  };
  for (const { to } of manifest.entries) await read(String(to), manifest.entries, to);
  for (const [index, { entry }] of manifest.retired.entries())
    await read(`retired ${index}`, [entry], entry.to);
  for (const entry of manifest.entries) {
    for (const { to, segments } of entry.held) {
      await read(`held ${to}`, [{ ...entry, groups: [segments], to }], to);
    }
  }
  return state;
}

/** The states without one item. */
export function withoutItem(
  state: Readonly<Record<string, Readonly<Record<string, string>>>>,
  item: string,
): Record<string, Record<string, string>> {
  return Object.fromEntries(
    Object.entries(state).map(([name, items]) => [
      name,
      Object.fromEntries(Object.entries(items).filter(([key]) => key !== item)),
    ]),
  );
}

/** Paths of every object that holds the item's key, or one of the texts: with the read right, whatever names the object. */
export async function traces(
  repository: Repository,
  item: string,
  texts: readonly string[] = [],
): Promise<string[]> {
  const key = Buffer.from(item);
  const found: string[] = [];
  const tells = (bytes: Buffer): boolean => texts.some((text) => bytes.includes(text));
  for await (const file of repository.storage.list("")) {
    const { path } = file;
    let traced = path.includes(item);
    if (path.startsWith(segmentsOf(TASK))) {
      const info = await looseSegment(repository, file, SIGNAL);
      const reader = await openSegment(repository.storage, repository.keyring, TASK, info);
      for await (const versions of reader.scan()) {
        for (const version of versions) traced ||= version.key.equals(key) || version.parts.some(tells);
      }
    } else if (path.startsWith(packsOf(TASK))) {
      const reader = await openPack(repository, TASK, await loosePack(repository, file, SIGNAL));
      for (const { blob } of reader.blobs()) {
        for await (const piece of reader.stream(blob)) traced ||= tells(piece);
      }
    } else if (sealedPlaceAt(path) !== undefined) {
      const value = decodeBuffers(await openSealedAt(repository, path));
      traced ||= JSON.stringify(value).includes(JSON.stringify(item));
      for (const info of segmentsIn(value)) {
        const { first, last } = segmentBounds(repository.keyring, TASK, info);
        traced ||= first.equals(key) || last.equals(key);
      }
    }
    if (traced) found.push(path);
  }
  return found;
}

/** Every description of a segment anywhere in the value. */
function segmentsIn(value: unknown): SegmentInfo[] {
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return [];
  if ("bounds" in value && Buffer.isBuffer(value.bounds)) return [value as unknown as SegmentInfo];
  return Object.values(value).flatMap(segmentsIn);
}
