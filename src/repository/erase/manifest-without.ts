/**
 * A manifest in which rewritten files have taken the place of those that held an item. Pure.
 *
 * Entries keep their ids. Whoever works from an entry as it was (a rollup, a repair) compares its segments before it commits,
 * finds others, and begins again: so none of them can bring the item back.
 */
import type { PackInfo } from "../blobs/pack.ts";
import type { EntryCounts, LostVersions, Manifest, TimelineEntry } from "../manifest.ts";
import type { SegmentInfo } from "../segment/segment.ts";

export interface Replacements {
  /** By the old segment's id; null: nothing is left of it. */
  readonly segments: ReadonlyMap<string, SegmentInfo | null>;
  /** By the old pack's id. */
  readonly packs: ReadonlyMap<string, readonly PackInfo[]>;
  /** The erased item's key hash, 16 hex digits: it is not lost any more where its loss was marked. */
  readonly keyHash: string;
}

export function manifestWithout(
  manifest: Manifest,
  replacements: Replacements,
): Pick<Manifest, "entries" | "retired" | "packs"> {
  const change = (entry: TimelineEntry): TimelineEntry =>
    isTouched(entry, replacements) ? entryWithout(entry, replacements) : entry;
  return {
    entries: manifest.entries.map(change),
    retired: manifest.retired.map((one) => ({ ...one, entry: change(one.entry) })),
    packs: manifest.packs.flatMap((pack) => replacements.packs.get(pack.id) ?? [pack]),
  };
}

function isTouched({ groups, held, lost }: TimelineEntry, { segments, keyHash }: Replacements): boolean {
  return (
    groups.flat().some(({ id }) => segments.has(id)) ||
    held.some((instant) => instant.segments.some(({ id }) => segments.has(id))) ||
    lost.some(({ keyHashes }) => keyHashes.includes(keyHash))
  );
}

function entryWithout(entry: TimelineEntry, { segments, keyHash }: Replacements): TimelineEntry {
  const replace = (group: readonly SegmentInfo[]): SegmentInfo[] =>
    group.flatMap((segment) => {
      const other = segments.get(segment.id);
      return other === undefined ? [segment] : other === null ? [] : [other];
    });
  const groups = entry.groups.map(replace).filter((group) => group.length > 0);
  const held = entry.held.map((instant) => ({ ...instant, segments: replace(instant.segments) }));
  return {
    ...entry,
    groups,
    counts: countsAfter(entry.counts, entry.groups.flat(), groups.flat()),
    held: held.filter((instant) => instant.segments.length > 0),
    lost: entry.lost.flatMap((lost) => lostWithout(lost, keyHash)),
  };
}

function lostWithout(lost: LostVersions, keyHash: string): LostVersions[] {
  const keyHashes = lost.keyHashes.filter((hash) => hash !== keyHash);
  return keyHashes.length === 0 && lost.unknown === undefined ? [] : [{ ...lost, keyHashes }];
}

/** The counts, less what the segments have lost. */
function countsAfter(
  counts: EntryCounts,
  before: readonly SegmentInfo[],
  after: readonly SegmentInfo[],
): EntryCounts {
  const lost = (of: (segment: SegmentInfo) => number): number =>
    before.reduce((sum, segment) => sum + of(segment), 0) -
    after.reduce((sum, segment) => sum + of(segment), 0);
  return {
    live: counts.live - lost((segment) => segment.counts.live),
    deleted: counts.deleted - lost((segment) => segment.counts.deleted),
    purged: counts.purged - lost((segment) => segment.counts.purged),
    bodyBytes: counts.bodyBytes - lost((segment) => segment.counts.bodyBytes),
    storedBytes: counts.storedBytes - lost((segment) => segment.bytes),
  };
}
