/**
 * Putting what was repaired into a timeline's manifest: each damaged file is replaced wherever it stands, and what was
 * given up is marked.
 */
import type { Millis } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { PackInfo } from "../../repository/blobs/pack.ts";
import {
  manifestPaths,
  type CondemnedObject,
  type EntryCounts,
  type LostVersions,
  type Manifest,
  type TimelineEntry,
} from "../../repository/manifest.ts";
import { packPath, segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import type { NextManifest } from "../../repository/task-store.ts";
import { hashesNotIn } from "../lost.ts";

export interface SegmentSwap {
  readonly damaged: SegmentInfo;
  /** Null when nothing is left of it. */
  readonly replacement: SegmentInfo | null;
  /** Versions that are given up; null when none are. */
  readonly lost: { readonly keyHashes: readonly string[]; readonly unknown: number } | null;
}

export interface PackSwap {
  readonly damaged: PackInfo;
  readonly replacements: readonly PackInfo[];
}

export interface Swaps {
  readonly segments: readonly SegmentSwap[];
  readonly packs: readonly PackSwap[];
  /** Packs of blobs that recovered versions refer to. */
  readonly newPacks: readonly PackInfo[];
}

/** Why versions are marked as lost. */
const REASON = "damaged, found in no other place, and given up by a repair";

/** The manifest with everything swapped. Errors: `object-*` when a table that must be asked does not read; `storage-*`. */
export async function swapped(
  repository: Repository,
  manifest: Manifest,
  swaps: Swaps,
  now: Millis,
  signal: AbortSignal,
): Promise<NextManifest> {
  const { task } = manifest;
  const bySegment = new Map(swaps.segments.map((swap) => [swap.damaged.id, swap]));
  const change = async (entry: TimelineEntry): Promise<TimelineEntry> =>
    swapEntry(repository, task, entry, bySegment, now, signal);
  // What others have replaced or erased since the damage was found does not come back.
  const needed = manifestPaths(manifest);
  const packs = swaps.packs.filter(({ damaged }) => needed.has(packPath(task, damaged.id)));
  const gone = new Set(packs.map(({ damaged }) => damaged.id));
  const files = [
    ...swaps.segments.map(({ damaged }) => ({ path: segmentPath(task, damaged.id), bytes: damaged.bytes })),
    ...packs.map(({ damaged }) => ({ path: packPath(task, damaged.id), bytes: damaged.bytes })),
  ];
  const condemned = files
    .filter(({ path }) => needed.has(path))
    .map((file): CondemnedObject => ({
      ...file,
      since: now,
      generation: manifest.generation + 1,
      why: "repaired",
      deleting: false,
    }));
  const entries: TimelineEntry[] = [];
  for (const entry of manifest.entries) entries.push(await change(entry));
  const retired: Manifest["retired"][number][] = [];
  for (const one of manifest.retired) retired.push({ ...one, entry: await change(one.entry) });
  return {
    ...manifest,
    written: now,
    entries,
    retired,
    packs: [
      ...manifest.packs.filter(({ id }) => !gone.has(id)),
      ...packs.flatMap(({ replacements }) => replacements),
      ...swaps.newPacks,
    ],
    condemned: [...manifest.condemned, ...condemned],
  };
}

async function swapEntry(
  repository: Repository,
  task: TaskName,
  entry: TimelineEntry,
  swaps: ReadonlyMap<string, SegmentSwap>,
  now: Millis,
  signal: AbortSignal,
): Promise<TimelineEntry> {
  const inGroups = entry.groups.flat().filter(({ id }) => swaps.has(id));
  const inHeld = entry.held.filter(({ segments }) => segments.some(({ id }) => swaps.has(id)));
  if (inGroups.length === 0 && inHeld.length === 0) return entry;
  const replace = (segments: readonly SegmentInfo[]): SegmentInfo[] =>
    segments.flatMap((segment) => {
      const swap = swaps.get(segment.id);
      if (swap === undefined) return [segment];
      return swap.replacement === null ? [] : [swap.replacement];
    });
  const lost: LostVersions[] = [];
  for (const [index, group] of entry.groups.entries()) {
    for (const { id } of group) {
      const swap = swaps.get(id);
      if (swap === undefined || swap.lost === null) continue;
      // What a newer group of the entry answers is not lost at the entry's instant, the only one it stands for.
      const newer = replace(entry.groups.slice(index + 1).flat());
      const { keyHashes } = swap.lost;
      const left = await hashesNotIn(repository, task, keyHashes, newer, signal);
      lost.push(...markOf(swap, left, now));
    }
  }
  for (const { to, segments } of inHeld) {
    for (const { id } of segments) {
      const swap = swaps.get(id);
      if (swap === undefined || swap.lost === null) continue;
      lost.push(...markOf(swap, swap.lost.keyHashes, now).map((mark) => ({ ...mark, held: to })));
    }
  }
  return {
    ...entry,
    groups: entry.groups.map(replace).filter((group) => group.length > 0),
    held: entry.held
      .map((held) => ({ ...held, segments: replace(held.segments) }))
      .filter(({ segments }) => segments.length > 0),
    counts: inGroups.reduce((counts, { id }) => recount(counts, swaps.get(id)), entry.counts),
    lost: [...entry.lost, ...lost],
  };
}

function markOf({ damaged, lost }: SegmentSwap, keyHashes: readonly string[], at: Millis): LostVersions[] {
  const unknown = lost?.unknown ?? 0;
  if (keyHashes.length === 0 && unknown === 0) return [];
  const { id, wrapped, bounds } = damaged;
  const mark = { at, keyHashes, reason: REASON };
  return [unknown === 0 ? mark : { ...mark, unknown: { id, wrapped, bounds, versions: unknown } }];
}

function recount(counts: EntryCounts, swap: SegmentSwap | undefined): EntryCounts {
  if (swap === undefined) return counts;
  const { damaged, replacement } = swap;
  const change = (name: "live" | "deleted" | "purged" | "bodyBytes"): number =>
    counts[name] - damaged.counts[name] + (replacement?.counts[name] ?? 0);
  return {
    live: change("live"),
    deleted: change("deleted"),
    purged: change("purged"),
    bodyBytes: change("bodyBytes"),
    storedBytes: counts.storedBytes - damaged.bytes + (replacement?.bytes ?? 0),
  };
}
