/**
 * The trash: instants that rollups gave up and cleanup has not forgotten yet, and how one is brought back. Pure.
 */
import type { Millis } from "../../model/clock.ts";
import {
  entrySegments,
  type Manifest,
  type RetiredEntry,
  type TimelineEntry,
} from "../../repository/manifest.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";

/** An instant that can be brought back. */
export interface TrashedInstant {
  readonly instant: Millis;
  readonly epoch: number;
  readonly level: TimelineEntry["level"];
  /** When the last rollup that needed it retired what it is made of: cleanup's delay begins here. */
  readonly retiredAt: Millis;
  /** Bytes of files that nothing but this and other trashed instants needs. */
  readonly bytes: number;
}

/** The way back to an instant: entries that go before the one that stands for its time now. */
export interface WayBack {
  /** Oldest first; they end in the instant. */
  readonly chain: readonly TimelineEntry[];
  /** The entry that goes on from there. */
  readonly before: TimelineEntry;
}

/** Every instant that can be brought back, oldest first. */
export function trashedInstants(manifest: Manifest): TrashedInstant[] {
  const kept = new Set(manifest.entries.map(({ to }) => to));
  const needed = new Set(manifest.entries.flatMap(entrySegments).map(({ id }) => id));
  const found: TrashedInstant[] = [];
  for (const instant of new Set(manifest.retired.map(({ entry }) => entry.to))) {
    if (kept.has(instant)) continue;
    const way = wayBack(manifest, instant);
    const newest = way?.chain.at(-1);
    if (way === undefined || newest === undefined) continue;
    const times = way.chain.map((entry) => retirementOf(manifest, entry).retiredAt);
    found.push({
      instant,
      epoch: newest.epoch,
      level: newest.level,
      retiredAt: Math.min(...times),
      bytes: bytesOf(way.chain.flatMap(entrySegments).filter(({ id }) => !needed.has(id))),
    });
  }
  return found.sort((a, b) => a.instant - b.instant);
}

/** Undefined when the instant is kept anyway, or what it is made of is gone. */
export function wayBack(manifest: Manifest, instant: Millis): WayBack | undefined {
  const before = manifest.entries.find(({ from, to }) => to > instant && (from === null || from < instant));
  if (before === undefined || manifest.entries.some(({ to }) => to === instant)) return undefined;
  const candidates = manifest.retired
    .map(({ entry }) => entry)
    .filter(({ epoch, to }) => epoch === before.epoch && to <= instant);
  const chain = chainTo(candidates, before.from, instant);
  return chain && { chain, before };
}

/** Retired entries that follow each other from `from` to `to`; the longest steps first, so that it is the fewest files. */
function chainTo(
  candidates: readonly TimelineEntry[],
  from: Millis | null,
  to: Millis,
): readonly TimelineEntry[] | undefined {
  const steps = candidates.filter((entry) => entry.from === from).sort((a, b) => b.to - a.to);
  for (const step of steps) {
    if (step.to === to) return [step];
    const rest = chainTo(candidates, step.to, to);
    if (rest !== undefined) return [step, ...rest];
  }
  return undefined;
}

/** The entries of the timeline with the instant back in it. Levels stay in order: what comes back is as coarse as what stands there. */
export function withWayBack(entries: readonly TimelineEntry[], { chain, before }: WayBack): TimelineEntry[] {
  const newest = chain.at(-1);
  if (newest === undefined) return [...entries];
  return entries.flatMap((entry) => {
    if (entry.id !== before.id || entry.to !== before.to) return [entry];
    const level = entry.level === "baseline" ? "yearly" : entry.level;
    const back = chain.map((old) => (old.from === null ? old : { ...old, level }));
    const rest = { ...entry, from: newest.to, level };
    return [...back, rest];
  });
}

function retirementOf(manifest: Manifest, entry: TimelineEntry): RetiredEntry {
  return manifest.retired.find((retired) => retired.entry === entry) as RetiredEntry;
}

function bytesOf(segments: readonly SegmentInfo[]): number {
  const distinct = new Map(segments.map(({ id, bytes }) => [id, bytes]));
  return [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0);
}
