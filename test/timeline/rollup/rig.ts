/**
 * A task whose timeline a test makes run by run, with real segments in memory, and what each instant held when its run made
 * it.
 */
import type { Clock, Millis } from "../../../src/model/clock.ts";
import { keyOf } from "../../../src/model/key.ts";
import type { Level } from "../../../src/model/level.ts";
import { DAY_MS, DEFAULT_POLICY, type Policy } from "../../../src/model/policy/policy.ts";
import type { Observation, Version } from "../../../src/model/version.ts";
import { newHold, type HoldTarget } from "../../../src/repository/holds.ts";
import {
  manifestSegments,
  newestEntry,
  NO_RETENTION,
  type Hold,
  type Manifest,
  type TimelineEntry,
} from "../../../src/repository/manifest.ts";
import { segmentPath } from "../../../src/repository/paths.ts";
import type { Repository } from "../../../src/repository/repository.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { writeSegment } from "../../../src/repository/segment/segment-writer.ts";
import type { SegmentInfo } from "../../../src/repository/segment/segment.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import {
  amendManifest,
  commitManifest,
  readNewestManifest,
  type NextManifest,
  type StoredManifest,
} from "../../../src/repository/task-store.ts";
import {
  rollupTask,
  type RollupOptions,
  type RollupOutcome,
} from "../../../src/timeline/rollup/rollup-task.ts";
import { Timeline } from "../../../src/timeline/timeline.ts";
import { collect, fixedKeyring, gather, TASK } from "../../repository/segment/rig.ts";

export const START: Millis = Date.UTC(2026, 0, 1, 2);
export const NEVER = new AbortController().signal;

/** What stands for a body where there is none. */
export const DELETED = "(deleted)";
export const PURGED = "(purged)";
export const isGone = (state: string): boolean => state === DELETED || state === PURGED;

/** Items with their bodies. */
export type Items = Readonly<Record<string, string>>;

/** When the run of a day of January 2026 commits. */
export const day = (number: number): Millis => START + (number - 1) * DAY_MS;

export const keeping = (keep: Partial<Policy["keep"]>, more: Partial<Policy> = {}): Policy => ({
  ...DEFAULT_POLICY,
  ...more,
  keep: { intraday: null, daily: null, weekly: null, monthly: null, yearly: null, ...keep },
});

export interface RunOptions {
  /** Since the run before. */
  readonly after?: Millis;
  readonly level?: Level;
  /** A new incarnation of the collection. */
  readonly baseline?: boolean;
  readonly beforeRestore?: boolean;
}

export class RollupRig {
  readonly repository: Repository;
  now: Millis = START;
  /** What each instant held, whether it is kept or not. */
  readonly truth = new Map<Millis, ReadonlyMap<string, string>>();
  readonly epochs = new Map<Millis, number>();
  readonly clock: Clock = { now: () => this.now };
  #runs = 0;

  constructor(storage: Storage = memoryStorage()) {
    this.repository = { id: "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", storage, keyring: fixedKeyring("read") };
  }

  async newest(): Promise<StoredManifest> {
    return (await readNewestManifest(this.repository, TASK)) as StoredManifest;
  }

  async manifest(): Promise<Manifest> {
    return (await this.newest()).manifest;
  }

  /** `weekly 2026-01-04`, oldest first. */
  async outline(): Promise<string[]> {
    const { entries } = await this.manifest();
    return entries.map(({ level, to }) => `${level} ${dayText(to)}`);
  }

  async segment(items: Items, observation: Observation = this.observation()): Promise<SegmentInfo> {
    const versions = Object.keys(items)
      .map((name) => versionOf(this.repository, name, items[name] as string, observation))
      .sort((a, b) => Buffer.compare(a.key, b.key));
    return await writeSegment({ ...this.repository, task: TASK }, [versions]);
  }

  /** A run commits these groups of changes: a baseline the first time, then a delta, a day after the one before. */
  async run(
    groups: readonly Items[],
    { after = DAY_MS, level = "daily", baseline = false, beforeRestore = false }: RunOptions = {},
  ): Promise<TimelineEntry> {
    const before = await readNewestManifest(this.repository, TASK);
    const last = before && newestEntry(before.manifest);
    if (last !== undefined) this.now = last.to + after;
    const observation = this.observation();
    const first = last === undefined || baseline;
    const segments: SegmentInfo[][] = [];
    for (const items of groups) {
      if (Object.keys(items).length > 0) segments.push([await this.segment(items, observation)]);
    }
    const entry: TimelineEntry = {
      id: observation.run,
      epoch: (last?.epoch ?? 0) + (first ? 1 : 0),
      identity: "one",
      level: first ? "baseline" : level,
      from: first ? null : last.to,
      to: this.now,
      completeAsOf: this.now,
      startedAt: this.now,
      beforeRestore,
      reason: "",
      groups: segments,
      counts: countsOf(segments.flat()),
      runs: 1,
      change: null,
      anomalies: [],
      held: [],
      lost: [],
    };
    await this.amend((manifest) => ({ ...manifest, entries: [...manifest.entries, entry] }));
    const state = new Map(first ? [] : this.truth.get(last.to));
    for (const items of groups) for (const [key, value] of Object.entries(items)) state.set(key, value);
    this.truth.set(this.now, state);
    this.epochs.set(this.now, entry.epoch);
    return entry;
  }

  /** Daily runs up to a day of January; each changes `x` and adds an item of its own. */
  async runsUntil(last: number): Promise<void> {
    const first = this.truth.size === 0 ? 1 : new Date(this.now).getUTCDate() + 1;
    for (let number = first; number <= last; number++)
      await this.run([{ x: `x on ${number}`, [`day ${number}`]: "made" }]);
  }

  async entryAt(instant: Millis): Promise<TimelineEntry> {
    const found = (await this.manifest()).entries.find(({ to }) => to === instant);
    if (found === undefined) throw new Error(`${dayText(instant)} is not kept`);
    return found;
  }

  async amend(change: (manifest: Manifest) => NextManifest): Promise<void> {
    if ((await readNewestManifest(this.repository, TASK)) === undefined) {
      const empty = { ...NO_RETENTION, entries: [], packs: [], cursor: {}, runsSinceReconcile: 0 };
      const source = { name: "prod", kind: "couchdb", collection: "orders" };
      const first = change({ ...empty, source, written: this.now } as unknown as Manifest);
      await commitManifest(this.repository, TASK, undefined, first);
      return;
    }
    await amendManifest(this.repository, TASK, ({ manifest }) => change({ ...manifest, written: this.now }));
  }

  async hold(target: HoldTarget): Promise<Hold> {
    const hold = newHold(this.repository.keyring, TASK, target, "because", this.now);
    await this.amend((manifest) => ({ ...manifest, holds: [...manifest.holds, hold] }));
    return hold;
  }

  async release(hold: Hold): Promise<void> {
    await this.amend((manifest) => ({
      ...manifest,
      holds: manifest.holds.filter(({ id }) => id !== hold.id),
    }));
  }

  async rollUp(
    policy: Policy,
    options: Partial<RollupOptions> = {},
    storage: Storage = this.repository.storage,
  ): Promise<RollupOutcome> {
    const repository = { ...this.repository, storage };
    return await rollupTask(repository, TASK, {
      policy,
      clock: this.clock,
      dryRun: false,
      signal: NEVER,
      ...options,
    });
  }

  async timeline(): Promise<Timeline> {
    return new Timeline(this.repository, TASK, await this.newest());
  }

  /** Every item's state at an instant at which anything is kept. */
  async stateAt(instant: Millis): Promise<Map<string, string>> {
    const versions = await collect((await this.timeline()).at(instant).scan({}, NEVER));
    return new Map(versions.map((version) => [version.key.toString(), stateOf(version)]));
  }

  /** Segment files that no entry, kept or retired, refers to. */
  async strays(): Promise<string[]> {
    const named = new Set(manifestSegments(await this.manifest()).map(({ id }) => segmentPath(TASK, id)));
    const files = await gather(this.repository.storage.list(`tasks/${TASK}/segments/`));
    return files.map(({ path }) => path).filter((path) => !named.has(path));
  }

  observation(): Observation {
    this.#runs += 1;
    return { run: this.#runs.toString(16).padStart(32, "0"), at: this.now, sequence: `${this.#runs}-seq` };
  }
}

export function versionOf(
  { keyring }: Repository,
  name: string,
  state: string,
  observation: Observation,
): Version {
  const key = keyOf(name);
  return {
    key,
    kind: state === DELETED ? "deleted" : state === PURGED ? "purged" : "live",
    revision: state,
    observation,
    fingerprint: taskFingerprints(keyring, TASK).fingerprint(key, Buffer.from(state)),
    parts: isGone(state) ? [] : [Buffer.from(state)],
    blobs: [],
  };
}

export function stateOf({ kind, parts }: Version): string {
  if (kind === "deleted") return DELETED;
  return kind === "purged" ? PURGED : Buffer.concat(parts).toString();
}

export function countsOf(segments: readonly SegmentInfo[]): TimelineEntry["counts"] {
  const sum = (pick: (segment: SegmentInfo) => number): number =>
    segments.reduce((total, segment) => total + pick(segment), 0);
  return {
    live: sum(({ counts }) => counts.live),
    deleted: sum(({ counts }) => counts.deleted),
    purged: sum(({ counts }) => counts.purged),
    bodyBytes: sum(({ counts }) => counts.bodyBytes),
    storedBytes: sum(({ bytes }) => bytes),
  };
}

export function dayText(instant: Millis): string {
  return new Date(instant).toISOString().slice(0, 10);
}

/** The storage, with something done before each call of one kind. */
export function interposed(
  storage: Storage,
  before: (call: "create" | "read" | "remove", path: string) => Promise<void> | void,
): Storage {
  return {
    capabilities: storage.capabilities,
    location: storage.location,
    create: async (path, content, signal) => {
      await before("create", path);
      return await storage.create(path, content, signal);
    },
    read: async (path, range, signal) => {
      await before("read", path);
      return await storage.read(path, range, signal);
    },
    stream: (...args) => storage.stream(...args),
    stat: (...args) => storage.stat(...args),
    list: (...args) => storage.list(...args),
    remove: async (path, signal) => {
      await before("remove", path);
      await storage.remove(path, signal);
    },
    close: () => storage.close(),
  };
}
