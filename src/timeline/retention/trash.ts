/**
 * The trash: instants that rollups gave up and cleanup has not forgotten yet, and how one is brought back. Pure.
 *
 * An instant comes back by putting retired entries before the one that stands for its time now. That one goes on from there:
 * it then repeats older versions, which changes no state.
 */
import type { Millis } from "../../model/clock.ts";
import type { Level } from "../../model/level.ts";
import {
  entrySegments,
  type Manifest,
  type RetiredEntry,
  type TimelineEntry,
} from "../../repository/manifest.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";

type Trash = Pick<Manifest, "entries" | "retired">;
type HeldTrash = Trash & Pick<Manifest, "holds">;

/** An instant that can be brought back. */
export interface TrashedInstant {
  readonly instant: Millis;
  readonly epoch: number;
  readonly level: Level;
  /** When the first of the entries that bring it back was retired: cleanup's delay begins here. */
  readonly retiredAt: Millis;
  /** Bytes of its files that the timeline does without. Other trashed instants may need the same files. */
  readonly bytes: number;
}

/** The way back to an instant. */
export interface WayBack {
  /** What is put into the timeline, oldest first; each begins where the one before it ends, the last ends in the instant. */
  readonly chain: readonly RetiredEntry[];
  /** The entry of the timeline before which it is put. */
  readonly before: TimelineEntry;
  /** Where the chain begins: an instant of the timeline, or null for a chain with a baseline of its own. */
  readonly start: Millis | null;
}

/** Every instant that can be brought back, oldest first. */
export function trashedInstants(manifest: Trash): TrashedInstant[] {
  const instants = [...new Set(manifest.retired.map(({ entry }) => entry.to))].sort((a, b) => a - b);
  const needed = new Set(manifest.entries.flatMap(entrySegments).map(({ id }) => id));
  return instants.flatMap((instant) => {
    const chain = wayBack(manifest, instant)?.chain;
    const last = chain?.at(-1);
    if (chain === undefined || last === undefined) return [];
    const { epoch, level } = last.entry;
    const retiredAt = Math.min(...chain.map((one) => one.retiredAt));
    const files = chain.flatMap(({ entry }) => entrySegments(entry)).filter(({ id }) => !needed.has(id));
    return [{ instant, epoch, level, retiredAt, bytes: bytesOf(files) }];
  });
}

/** Undefined when the instant is kept anyway, was never there, or what it is made of is forgotten. */
export function wayBack({ entries, retired }: Trash, instant: Millis): WayBack | undefined {
  const index = entries.findIndex(({ to }) => to > instant);
  const before = entries[index];
  const prior = entries[index - 1];
  if (before === undefined || prior?.to === instant) return undefined;
  // Behind the entry before it, or, where that one belongs to an older epoch, with a baseline of its own.
  const starts = [
    ...(prior === undefined ? [] : [{ start: prior.to, epoch: prior.epoch }]),
    ...(before.from === null ? [{ start: null, epoch: before.epoch }] : []),
  ];
  for (const { start, epoch } of starts) {
    const candidates = retired.filter(
      ({ entry }) => entry.epoch === epoch && entry.to <= instant && entry.to > (start ?? -Infinity),
    );
    const chain = chainTo(candidates, start, instant);
    if (chain !== undefined) return { chain, before, start };
  }
  return undefined;
}

/** The timeline with the instant back in it. The levels stay in order: what comes back is as coarse as what stands there. */
export function withWayBack(
  { entries, retired, holds }: HeldTrash,
  { chain, before, start }: WayBack,
): Trash {
  const back = new Set(chain);
  const left = retired.filter((one) => !back.has(one));
  const last = chain.at(-1)?.entry;
  if (last === undefined) return { entries, retired };
  const at = entries.findIndex(({ to }) => to === before.to);
  const [older, newer] = [entries.slice(0, at), entries.slice(at + 1)];
  if (before.from !== null) {
    const put = linked(chain, start, before.level);
    return { entries: [...older, ...put, { ...before, from: last.to }, ...newer], retired: left };
  }
  // It ends an older epoch.
  if (start !== null) {
    const level = older.at(-1)?.level;
    const put = linked(chain, start, level === undefined || level === "baseline" ? "yearly" : level);
    return { entries: [...older, ...put, before, ...newer], retired: left };
  }
  const put = linked(chain, start, "yearly");
  if (keepsDeletions(before, holds)) {
    return {
      entries: [...older, ...put, { ...before, from: last.to, level: "yearly" }, ...newer],
      retired: left,
    };
  }
  // A baseline that has forgotten deletions must not stand on what they deleted: it becomes an epoch of its own.
  const isLater = ({ epoch, to }: TimelineEntry): boolean =>
    epoch > before.epoch || (epoch === before.epoch && to > before.to);
  return {
    entries: [...older, ...put, later(before), ...newer.map(later)],
    retired: left.map((one) => (isLater(one.entry) ? { ...one, entry: later(one.entry) } : one)),
  };
}

function later(entry: TimelineEntry): TimelineEntry {
  return { ...entry, epoch: entry.epoch + 1 };
}

/**
 * Whether the baseline still has the deletions of all that went into it. Forgetting them spares those of held items only, so any
 * that is there and not held tells.
 */
function keepsDeletions({ counts, held }: TimelineEntry, holds: Manifest["holds"]): boolean {
  const spared = held.length > 0 || holds.some(({ kind }) => kind !== "instant");
  return !spared && counts.deleted + counts.purged > 0;
}

/**
 * Retired entries that lead from `start` to `to`, the fewest there are; from the end, each time the one that reaches furthest
 * back. One may begin before the one behind it ends: it only repeats versions.
 */
function chainTo(
  candidates: readonly RetiredEntry[],
  start: Millis | null,
  to: Millis,
): readonly RetiredEntry[] | undefined {
  // A baseline holds everything before it, and not what was deleted until then: it only ever begins a chain.
  const usable = candidates.filter(({ entry }) => start === null || entry.from !== null);
  const chain: RetiredEntry[] = [];
  let ends = usable.filter(({ entry }) => entry.to === to);
  for (;;) {
    const best = ends.toSorted((a, b) => fromOf(a) - fromOf(b))[0];
    if (best === undefined) return undefined;
    chain.unshift(best);
    const from = fromOf(best);
    if (from <= (start ?? -Infinity)) return chain;
    ends = usable.filter(
      ({ entry }) => entry.to >= from && entry.to < best.entry.to && fromOf({ entry }) < from,
    );
  }
}

function fromOf({ entry }: Pick<RetiredEntry, "entry">): Millis {
  return entry.from ?? -Infinity;
}

/** The chain's entries, each going on where the one before it ends. */
function linked(chain: readonly RetiredEntry[], start: Millis | null, level: Level): TimelineEntry[] {
  let from = start;
  return chain.map(({ entry }) => {
    const put = from === null ? entry : { ...entry, from, level };
    from = entry.to;
    return put;
  });
}

function bytesOf(segments: readonly SegmentInfo[]): number {
  const distinct = new Map(segments.map(({ id, bytes }) => [id, bytes]));
  return [...distinct.values()].reduce((sum, bytes) => sum + bytes, 0);
}
