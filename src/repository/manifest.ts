/**
 * The manifest: the sealed list that says which segments and packs make up a task's timeline.
 *
 * A task has a chain of manifests, one for each generation from 1. Creating generation n + 1 is the one commit point;
 * each names the digest of its predecessor, so a removed or rolled-back generation is noticed.
 */
import type { Millis } from "../model/clock.ts";
import type { Level } from "../model/level.ts";
import type { TaskName } from "../model/task.ts";
import type { PackInfo } from "./blobs/pack.ts";
import type { SegmentInfo } from "./segment/segment.ts";

export const MANIFEST_FORMAT = 1;

/** What the entry's versions add up to. */
export interface EntryCounts {
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
}

/** A baseline or delta. Versions lie in `groups`; where two groups hold the same key, the later group's version counts. */
export interface TimelineEntry {
  /** 32 hex digits: the run that made it. */
  readonly id: string;
  /** From 1; a re-created collection starts a new one. */
  readonly epoch: number;
  /** The source's identity of this incarnation. */
  readonly identity: string;
  readonly level: Level;
  /** Exclusive; null for a baseline. */
  readonly from: Millis | null;
  /** The instant; whole seconds, strictly increasing inside a task. */
  readonly to: Millis;
  /** Every change acknowledged before this is included. */
  readonly completeAsOf: Millis;
  readonly startedAt: Millis;
  /**
   * Made by a restore in place, to keep what it was about to overwrite. Such an instant is named by its time only:
   * `latest~2` does not count it, so a restore means the same when it is repeated.
   */
  readonly beforeRestore: boolean;
  /** Why a baseline was made though the timeline had one; empty otherwise. */
  readonly reason: string;
  /** Each group is a list of segments with disjoint, ascending key ranges. */
  readonly groups: readonly (readonly SegmentInfo[])[];
  readonly counts: EntryCounts;
}

export interface ManifestSource {
  readonly name: string;
  readonly kind: string;
  readonly collection: string;
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly repository: string;
  readonly task: TaskName;
  readonly generation: number;
  /** SHA-256 of the predecessor's object, hex; null for generation 1. */
  readonly previous: string | null;
  readonly written: Millis;
  readonly source: ManifestSource;
  /** Oldest first. */
  readonly entries: readonly TimelineEntry[];
  readonly packs: readonly PackInfo[];
  /** The source's own memory at the newest entry. */
  readonly cursor: Readonly<Record<string, unknown>>;
  /** Runs since the source was last compared as a whole. */
  readonly runsSinceReconcile: number;
}

/** All segments of an entry, newest group last. */
export function entrySegments(entry: TimelineEntry): SegmentInfo[] {
  return entry.groups.flat();
}

/** The newest epoch's segments, newest entry and group first: the order in which an item's newest version is looked for. */
export function segmentsNewestFirst(manifest: Manifest): SegmentInfo[] {
  const { epoch } = newestEntry(manifest);
  const entries = manifest.entries.filter((entry) => entry.epoch === epoch).toReversed();
  return entries.flatMap((entry) => entry.groups.toReversed().flat());
}

/** The newest entry; a manifest always has one. */
export function newestEntry(manifest: Manifest): TimelineEntry {
  return manifest.entries[manifest.entries.length - 1] as TimelineEntry;
}
