/**
 * What must be true of every manifest, whatever it holds (invariants I1 to I3 of the specification, A2). Each function
 * answers what is broken, in words.
 */
import { DELTA_LEVELS, type DeltaLevel, type Level } from "../../src/model/level.ts";
import { bucketOf } from "../../src/model/policy/calendar.ts";
import type { Policy } from "../../src/model/policy/policy.ts";
import type { Manifest, TimelineEntry } from "../../src/repository/manifest.ts";
import { manifestPaths } from "../../src/repository/manifest.ts";

const ORDER: readonly Level[] = [...DELTA_LEVELS, "baseline"];

/** Whose buckets a level waits for when it rolls up lazily; a yearly waits for nothing. */
const PARENT: Readonly<Record<DeltaLevel, DeltaLevel | undefined>> = {
  intraday: "daily",
  daily: "weekly",
  weekly: "monthly",
  monthly: "yearly",
  yearly: undefined,
};

const text = (instant: number | null): string =>
  instant === null ? "the beginning" : new Date(instant).toISOString();

/** I1: gap-free and disjoint, each epoch starting at its baseline; instants strictly increasing. */
export function brokenChain({ entries }: Manifest): string[] {
  return entries.flatMap((entry, index) => {
    const previous = entries[index - 1];
    if (previous !== undefined && entry.to <= previous.to) {
      return [`${text(entry.to)} does not follow ${text(previous.to)}`];
    }
    if (previous === undefined || previous.epoch !== entry.epoch) {
      const begins = entry.level === "baseline" && entry.from === null;
      return begins ? [] : [`epoch ${entry.epoch} begins with ${entry.level} ${text(entry.from)}`];
    }
    if (entry.epoch < previous.epoch) return [`epoch ${entry.epoch} follows ${previous.epoch}`];
    if (entry.from !== previous.to) {
      return [`${text(entry.to)} begins at ${text(entry.from)} and not at ${text(previous.to)}`];
    }
    return [];
  });
}

/** Nothing that is needed is condemned. */
export function condemnedThoughNeeded(manifest: Manifest): string[] {
  const needed = manifestPaths(manifest);
  return manifest.condemned.flatMap(({ path }) => (needed.has(path) ? [`${path} is condemned`] : []));
}

/** I2: from the newest to the oldest, levels never go finer; what a hold pins and restores' own instants stand aside. */
export function finerWithAge({ entries }: Manifest, pins: (instant: number) => boolean): string[] {
  const broken: string[] = [];
  let coarsest = 0;
  let epoch: number | undefined;
  for (const entry of entries.toReversed()) {
    if (entry.epoch !== epoch) coarsest = 0;
    epoch = entry.epoch;
    if (pins(entry.to) || entry.beforeRestore) continue;
    const rank = ORDER.indexOf(entry.level);
    if (rank < coarsest) broken.push(`${entry.level} ${text(entry.to)} lies behind ${ORDER[coarsest]}`);
    coarsest = Math.max(coarsest, rank);
  }
  return broken;
}

/** I3: no level has more than its number, but for yearlies that have nothing before them to fold into. */
export function beyondNumbers(
  manifest: Manifest,
  policy: Policy,
  pins: (instant: number) => boolean,
): string[] {
  const { entries } = manifest;
  return DELTA_LEVELS.flatMap((level) => {
    const keep = policy.keep[level];
    if (keep === null) return [];
    const counted = entries.filter((entry, index) => {
      if (entry.level !== level || pins(entry.to) || entry.beforeRestore) return false;
      return level !== "yearly" || foldable(entries, index, pins);
    });
    const excess = counted.length - keep;
    const isOver = excess > (policy.rollupMode === "lazy" ? oldestBucket(counted, level, policy) - 1 : 0);
    return isOver ? [`${counted.length} ${level}, and ${keep} are kept`] : [];
  });
}

/** How many of the oldest lie in one bucket of the next level: lazily these wait for each other. */
function oldestBucket(counted: readonly TimelineEntry[], level: DeltaLevel, { timezone }: Policy): number {
  const [oldest] = counted;
  const parent = PARENT[level];
  if (oldest === undefined || parent === undefined) return 1;
  const bucket = bucketOf(parent, oldest.to, timezone);
  const end = counted.findIndex(
    ({ epoch, to }) => epoch !== oldest.epoch || bucketOf(parent, to, timezone) !== bucket,
  );
  return end === -1 ? counted.length : end;
}

/** Whether everything from the epoch's baseline to this yearly may be merged. */
function foldable(
  entries: readonly TimelineEntry[],
  index: number,
  pins: (instant: number) => boolean,
): boolean {
  const entry = entries[index] as TimelineEntry;
  return !entries.slice(0, index).some((older) => older.epoch === entry.epoch && pins(older.to));
}
