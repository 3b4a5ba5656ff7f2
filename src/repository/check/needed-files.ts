/**
 * The files that a timeline needs, each once, with everybody who needs it: entries, what is held of merged-away instants,
 * retired entries, and undo records.
 */
import type { Millis } from "../../model/clock.ts";
import { formatInstant } from "../../model/instant.ts";
import type { TaskName } from "../../model/task.ts";
import type { PackInfo } from "../blobs/pack.ts";
import type { Manifest, TimelineEntry } from "../manifest.ts";
import { packPath, segmentPath } from "../paths.ts";
import type { SegmentInfo } from "../segment/segment.ts";

/** One place of a timeline that a segment stands in. */
export interface SegmentUse {
  readonly entry: TimelineEntry;
  /** The instant whose versions these are: the entry's own, or one that is held beside it. */
  readonly instant: Millis;
  /** The entry was replaced by a rollup and only serves to be brought back. */
  readonly retired: boolean;
}

export interface NeededSegment {
  readonly kind: "segment";
  readonly path: string;
  readonly bytes: number;
  readonly info: SegmentInfo;
  /** Empty for a segment of an undo record. */
  readonly uses: readonly SegmentUse[];
  /** The restore whose undo record names the segment. */
  readonly restore: string | null;
}

export interface NeededPack {
  readonly kind: "pack";
  readonly path: string;
  readonly bytes: number;
  readonly info: PackInfo;
}

export type NeededFile = NeededSegment | NeededPack;

/** Segments first, oldest entry first, then packs. */
export function neededFiles(manifest: Manifest): NeededFile[] {
  const { task } = manifest;
  const packs = manifest.packs.map((info): NeededPack => ({
    kind: "pack",
    path: packPath(task, info.id),
    bytes: info.bytes,
    info,
  }));
  return [...neededSegments(manifest), ...packs];
}

/** The segments of the timeline, retired ones included. */
export function neededSegments(manifest: Manifest): NeededSegment[] {
  const uses = new Map<string, { readonly info: SegmentInfo; readonly uses: SegmentUse[] }>();
  const add = (info: SegmentInfo, use: SegmentUse): void => {
    const known = uses.get(info.id);
    if (known === undefined) uses.set(info.id, { info, uses: [use] });
    else known.uses.push(use);
  };
  const addEntry = (entry: TimelineEntry, retired: boolean): void => {
    for (const info of entry.groups.flat()) add(info, { entry, instant: entry.to, retired });
    for (const { to, segments } of entry.held) {
      for (const info of segments) add(info, { entry, instant: to, retired });
    }
  };
  for (const entry of manifest.entries) addEntry(entry, false);
  for (const { entry } of manifest.retired) addEntry(entry, true);
  return [...uses.values()].map(({ info, uses: all }) => ({
    kind: "segment",
    path: segmentPath(manifest.task, info.id),
    bytes: info.bytes,
    info,
    uses: all,
    restore: null,
  }));
}

/** A segment that only an undo record names. */
export function undoSegment(task: TaskName, info: SegmentInfo, restore: string): NeededSegment {
  return { kind: "segment", path: segmentPath(task, info.id), bytes: info.bytes, info, uses: [], restore };
}

/** What damage to a segment means: to the timeline, or only to what could still be brought back. */
export function concernOf({ uses, restore }: NeededSegment) {
  const current = uses.filter(({ retired }) => !retired);
  const told = current.length > 0 ? current : uses;
  return {
    severity: restore === null && current.length === 0 ? ("warning" as const) : ("error" as const),
    runs: [...new Set(told.map(({ entry }) => entry.id))],
    instants: [...new Set(told.map(({ instant }) => instant))].map(formatInstant),
  };
}
