/**
 * A task whose timeline a test makes step by step, with real segments and packs: runs, rollups, crashed runs, restores. It
 * remembers what each kept instant held, so that a test can ask whether all of them still read.
 */
import assert from "node:assert/strict";
import type { Clock, Millis } from "../../../src/model/clock.ts";
import type { Level } from "../../../src/model/level.ts";
import { DAY_MS } from "../../../src/model/policy/policy.ts";
import type { BlobRef, Version } from "../../../src/model/version.ts";
import { PackWriter } from "../../../src/repository/blobs/pack-writer.ts";
import type { PackInfo } from "../../../src/repository/blobs/pack.ts";
import {
  cleanupTask,
  type CleanupOptions,
  type CleanupOutcome,
} from "../../../src/repository/cleanup/cleanup-task.ts";
import {
  entrySegments,
  newestEntry,
  NO_RETENTION,
  type Manifest,
  type TimelineEntry,
} from "../../../src/repository/manifest.ts";
import { newTimedId } from "../../../src/repository/ids.ts";
import { entryId } from "../../../src/repository/open-runs.ts";
import { segmentPath, TASKS } from "../../../src/repository/paths.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { writeCheckpoint, type Checkpoint, type RunRecord } from "../../../src/repository/run-records.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  amendManifest,
  commitManifest,
  readNewestManifest,
  type NextManifest,
  type StoredManifest,
} from "../../../src/repository/task-store.ts";
import { mergeNewest } from "../../../src/timeline/merge.ts";
import { Timeline } from "../../../src/timeline/timeline.ts";
import { collect, fixedKeyring, gather, TASK, version } from "../segment/rig.ts";

export const START: Millis = Date.UTC(2026, 0, 1, 2);
export const SOURCE = { name: "prod", kind: "couchdb", collection: "orders" };
const NEVER = new AbortController().signal;

/** Keys and their bodies. */
export type Items = Readonly<Record<string, string>>;

export class TaskRig {
  readonly repository: Repository;
  now: Millis = START;
  /** What each instant held when it was made. */
  readonly expected = new Map<Millis, Items>();

  constructor(storage: Storage = memoryStorage()) {
    this.repository = { id: "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", storage, keyring: fixedKeyring("read") };
  }

  readonly clock: Clock = { now: () => this.now };

  async newest(): Promise<StoredManifest> {
    return (await readNewestManifest(this.repository, TASK)) as StoredManifest;
  }

  async manifest(): Promise<Manifest> {
    return (await this.newest()).manifest;
  }

  /** Every object of the task. */
  async paths(storage: Storage = this.repository.storage): Promise<string[]> {
    return (await gather(storage.list(TASKS))).map(({ path }) => path);
  }

  async has(path: string): Promise<boolean> {
    return (await this.repository.storage.stat(path)) !== undefined;
  }

  async segment(items: Items, blobs: readonly BlobRef[] = []): Promise<SegmentInfo> {
    const keys = Object.keys(items).sort();
    const versions = keys.map((key): Version =>
      version(key, { parts: [Buffer.from(items[key] as string)], blobs: key === keys[0] ? blobs : [] }),
    );
    return writeSegment({ ...this.repository, task: TASK }, [versions]);
  }

  /** A pack of these contents, and references to them. */
  async pack(
    ...contents: readonly string[]
  ): Promise<{ readonly packs: readonly PackInfo[]; readonly blobs: readonly BlobRef[] }> {
    await using writer = new PackWriter(this.repository, TASK);
    const blobs: BlobRef[] = [];
    for (const [index, content] of contents.entries()) {
      const alias = Buffer.from(content).toString("hex").padEnd(32, "0").slice(0, 32);
      const stored = await writer.add(pieces(content), "identity", alias);
      blobs.push({ ...stored, part: 0, name: `blob ${index}` });
    }
    return { packs: await writer.finish(), blobs };
  }

  /** A day later, a run commits these items: a baseline the first time, then a daily delta. */
  async run(
    items: Items,
    {
      blobs = [],
      packs = [],
    }: { readonly blobs?: readonly BlobRef[]; readonly packs?: readonly PackInfo[] } = {},
  ): Promise<TimelineEntry> {
    const base = await readNewestManifest(this.repository, TASK);
    if (base !== undefined) this.now += DAY_MS;
    const before = base && newestEntry(base.manifest);
    const entry = entryOf(before === undefined ? "baseline" : "daily", before?.to ?? null, this.now, [
      [await this.segment(items, blobs)],
    ]);
    const follow = (manifest: Manifest | undefined): NextManifest => ({
      ...NO_RETENTION,
      ...manifest,
      written: this.now,
      source: SOURCE,
      entries: [...(manifest?.entries ?? []), entry],
      packs: [...(manifest?.packs ?? []), ...packs],
      cursor: {},
      runsSinceReconcile: 0,
    });
    if (base === undefined) assert(await commitManifest(this.repository, TASK, base, follow(undefined)));
    else await this.amend(follow);
    this.expected.set(entry.to, { ...(before && this.expected.get(before.to)), ...items });
    return entry;
  }

  /** Merges neighbouring entries physically; all of them retire. */
  async rollUp(...instants: readonly Millis[]): Promise<TimelineEntry> {
    const { entries, generation } = await this.manifest();
    const inputs = entries.filter(({ to }) => instants.includes(to));
    const newest = inputs[inputs.length - 1] as TimelineEntry;
    const timeline = new Timeline(this.repository, TASK, await this.newest());
    const merged = await writeSegment(
      { ...this.repository, task: TASK },
      mergeNewest(inputs.map(({ from, to }) => timeline.between(from ?? 0, to).scan({}, NEVER))),
    );
    const first = inputs[0] as TimelineEntry;
    const level = first.level === "baseline" ? "baseline" : "weekly";
    const entry = entryOf(level, first.from, newest.to, [[merged]]);
    const retired = inputs.map((input) => ({
      entry: input,
      retiredAt: this.now,
      into: entry.id,
      generation: generation + 1,
    }));
    await this.amend((manifest) => ({
      ...manifest,
      entries: manifest.entries.flatMap((one) => {
        if (one.id === newest.id) return [entry];
        return inputs.some(({ id }) => id === one.id) ? [] : [one];
      }),
      retired: [...manifest.retired, ...retired],
    }));
    return entry;
  }

  async amend(change: (manifest: Manifest) => NextManifest): Promise<void> {
    await amendManifest(this.repository, TASK, ({ manifest }) => change({ ...manifest, written: this.now }));
  }

  /** A checkpoint of a run that builds on the newest entry, or on `after`. */
  async checkpoint(
    segments: readonly SegmentInfo[],
    packs: readonly PackInfo[] = [],
    after?: string,
  ): Promise<Checkpoint> {
    const base = await this.newest();
    const checkpoint: Checkpoint = {
      run: newTimedId(this.now),
      source: SOURCE,
      base: base.digest,
      after: after ?? entryId(base),
      startedAt: this.now,
      kind: "delta",
      identity: "one",
      reason: "",
      ordinal: 1,
      cursor: {},
      groups: segments.map((segment) => [segment]),
      packs,
      counts: NO_COUNTS,
    };
    await writeCheckpoint(this.repository, TASK, checkpoint);
    return checkpoint;
  }

  async cleanup(options: Partial<CleanupOptions> = {}, storage?: Storage): Promise<CleanupOutcome> {
    const repository = storage === undefined ? this.repository : { ...this.repository, storage };
    return cleanupTask(repository, TASK, {
      cleanupAfter: DAY_MS,
      clock: this.clock,
      dryRun: false,
      sweep: false,
      signal: NEVER,
      ...options,
    });
  }

  /** Every kept instant holds what it held when it was made, to the last byte. */
  async expectAllReads(storage: Storage = this.repository.storage): Promise<void> {
    const repository = { ...this.repository, storage };
    const stored = (await readNewestManifest(repository, TASK)) as StoredManifest;
    const timeline = new Timeline(repository, TASK, stored);
    for (const instant of timeline.instants) {
      const versions = await collect(timeline.at(instant).scan({}, NEVER));
      const items = versions.map(({ key, parts }) => [key.toString(), parts[0]?.toString()]);
      assert.deepEqual(Object.fromEntries(items), this.expected.get(instant));
      for (const { blobs } of versions) {
        for (const ref of blobs) for await (const piece of timeline.blobs.stream(ref)) void piece;
      }
    }
    const files = new Set((await gather(storage.list(TASKS))).map(({ path }) => path));
    for (const { entry } of stored.manifest.retired) {
      for (const { id } of entrySegments(entry))
        assert(files.has(segmentPath(TASK, id)), `${id} of a retired entry is gone`);
    }
  }
}

const NO_COUNTS = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 };

export function entryOf(
  level: Level,
  from: Millis | null,
  to: Millis,
  groups: TimelineEntry["groups"],
): TimelineEntry {
  return {
    id: newTimedId(to),
    epoch: 1,
    identity: "one",
    level,
    from,
    to,
    completeAsOf: to,
    startedAt: to,
    beforeRestore: false,
    reason: "",
    groups,
    counts: NO_COUNTS,
    runs: 1,
    change: null,
    anomalies: [],
    held: [],
    lost: [],
  };
}

export function recordOf(run: string, at: Millis, more: Partial<RunRecord> = {}): RunRecord {
  const outcome = {
    instant: at,
    generation: 1,
    manifest: null,
    blobs: 0,
    requests: 3,
    warnings: [],
    error: null,
  };
  return {
    run,
    source: SOURCE,
    state: "committed",
    kind: "delta",
    reason: "",
    startedAt: at,
    endedAt: at + 1_000,
    ...outcome,
    counts: NO_COUNTS,
    ...more,
  };
}

async function* pieces(content: string): AsyncGenerator<Buffer> {
  yield Buffer.from(content);
}
