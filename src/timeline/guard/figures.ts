/**
 * What the anomaly guard remembers of runs. An entry's own figures go when a rollup merges it, so each manifest carries those
 * of the newest runs and, for about a year, the most striking of each month before them: a quarterly import or a yearly
 * clean-out is then recognised when it comes again.
 */
import type { Millis } from "../../model/clock.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { Manifest, RunFigures, TimelineEntry } from "../../repository/manifest.ts";

/** Runs of which everything is remembered: two months of daily ones. */
const RECENT_RUNS = 64;
/** Of older runs the most striking of each span of this length are remembered, */
const SPAN_MS = 30 * DAY_MS;
/** for this long: a year, and the weeks by which a yearly job may be late. */
const REMEMBERED_MS = 400 * DAY_MS;

/** Figures of the runs that the manifest tells of, oldest first. */
export function figuresOf(manifest: Manifest | undefined): readonly RunFigures[] {
  if (manifest === undefined || manifest.recent.length > 0) return manifest?.recent ?? [];
  const known: RunFigures[] = [];
  for (const entry of manifest.entries) {
    if (entry.captures === undefined && entry.runs === 1 && (entry.change !== null || entry.from === null)) {
      known.push(runFigures(known.at(-1), entry));
    }
  }
  return known;
}

/** The list with one more run, what is too old taken out. */
export function remember(known: readonly RunFigures[], run: RunFigures): readonly RunFigures[] {
  const all = [...known, run];
  const recent = all.slice(-RECENT_RUNS);
  const older = all.slice(0, -RECENT_RUNS).filter(({ to }) => to > run.to - REMEMBERED_MS);
  const striking = new Set<RunFigures>();
  for (const span of Map.groupBy(older, ({ to }) => Math.floor(to / SPAN_MS)).values()) {
    for (const measure of [changedShare, removedShare, growth, compressed, shrunk]) {
      striking.add(span.reduce((most, figures) => (measure(figures) > measure(most) ? figures : most)));
    }
  }
  return [...older.filter((figures) => striking.has(figures)), ...recent];
}

/** What a version takes in a segment beside its body, measured: revision, fingerprints, key hash; none of it compresses. */
const VERSION_BYTES = 50;

/** `before`: of the run that `entry` follows. */
export function runFigures(before: RunFigures | undefined, entry: TimelineEntry): RunFigures {
  const { counts, to } = entry;
  const baseline = entry.from === null;
  const { added, changed, removed, items } = entry.change ?? {
    added: counts.live,
    changed: 0,
    removed: 0,
    items: null,
  };
  const segmentBytes = entry.groups.flat().reduce((sum, { bytes }) => sum + bytes, 0);
  const versions = counts.live + counts.deleted + counts.purged;
  const sizes = {
    bodyBytes: counts.bodyBytes,
    segmentBytes: Math.max(0, segmentBytes - versions * VERSION_BYTES),
    packBytes: Math.max(0, counts.storedBytes - segmentBytes),
  };
  const held = before === undefined ? { live: 0, heldBytes: 0 } : before;
  const live = baseline ? counts.live : Math.max(0, held.live + added - removed);
  return {
    to,
    baseline,
    added,
    changed,
    removed,
    items,
    live,
    heldBytes: baseline
      ? sizes.bodyBytes + sizes.packBytes
      : heldAfter(held, sizes, { added, changed, removed }),
    ...sizes,
    shrunk: shrunkBy(before, { baseline, live, items, removed }),
    marked: isMarked(entry),
  };
}

/** Whether the entry has a mark that nobody called expected. */
export function isMarked({ anomalies }: Pick<TimelineEntry, "anomalies">): boolean {
  return anomalies.some(({ acknowledged }) => acknowledged?.expected !== true);
}

/** The instant of the newest entry that is not marked. */
export function lastGood(manifest: Pick<Manifest, "entries"> | undefined): Millis | null {
  return manifest?.entries.findLast((entry) => !isMarked(entry))?.to ?? null;
}

/** Items that were live before the run, as far as it and those before it have told. */
export function liveBefore({ baseline, live, added, removed }: RunFigures): number {
  return baseline ? 0 : Math.max(0, live - added + removed);
}

export const removedShare = (run: RunFigures): number => share(run.removed, liveBefore(run));
export const changedShare = (run: RunFigures): number => share(run.changed, liveBefore(run));
export const shrunk = (run: RunFigures): number => run.shrunk;
/** What became of each body byte. */
export const compressed = (run: RunFigures): number => share(run.segmentBytes, run.bodyBytes, Infinity);
/** Bytes that the run brought as a multiple of what was held before it. */
export const growth = (run: RunFigures): number =>
  run.baseline ? 0 : share(run.bodyBytes + run.packBytes, bytesBefore(run), Infinity);

/** What `heldAfter` added for the run is taken off again. */
export function bytesBefore(run: RunFigures): number {
  return Math.max(0, run.heldBytes - broughtBytes(run) + meanBytes(run) * run.removed);
}

function share(part: number, whole: number, most = 1): number {
  return whole === 0 ? 0 : Math.min(most, part / whole);
}

type Changes = Pick<RunFigures, "added" | "changed" | "removed">;
type Sizes = Pick<RunFigures, "bodyBytes" | "packBytes">;

/** New items add their bytes; a changed item is taken to be as large as it was; a removed one to be of mean size. */
function heldAfter(held: Pick<RunFigures, "live" | "heldBytes">, sizes: Sizes, changes: Changes): number {
  const gone = changes.removed * meanBytes(held);
  return Math.max(0, held.heldBytes - gone + broughtBytes({ ...sizes, ...changes }));
}

function meanBytes({ live, heldBytes }: Pick<RunFigures, "live" | "heldBytes">): number {
  return live === 0 ? 0 : heldBytes / live;
}

function broughtBytes({ bodyBytes, packBytes, added, changed }: Sizes & Omit<Changes, "removed">): number {
  return (bodyBytes + packBytes) * share(added, added + changed);
}

/**
 * By which share the collection has shrunk without the run being told of it. A new baseline is measured by its live items: what
 * was deleted in the old incarnation does not count in the new one.
 */
function shrunkBy(
  before: RunFigures | undefined,
  { baseline, live, items, removed }: Pick<RunFigures, "baseline" | "live" | "items" | "removed">,
): number {
  if (before === undefined) return 0;
  if (baseline) return share(Math.max(0, before.live - live), before.live);
  if (items === null || before.items === null) return 0;
  return share(Math.max(0, before.items - items - removed), before.items);
}
