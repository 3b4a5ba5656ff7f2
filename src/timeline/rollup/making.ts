/**
 * What a plan of retention amounts to: which entries have to be made, and whether their inputs' segments are only gathered
 * under one entry or merged into new ones.
 *
 * A calendar bucket that can still receive gathers, and is merged once when it is over: a byte is rewritten at most once for
 * each level it passes. Groups are bounded, because a view reads all of them at once; where an open bucket has too many, only
 * the newer ones that are small beside what they add up to are merged.
 */
import type { TimelineEntry } from "../../repository/manifest.ts";
import type { Planned } from "../retention/plan.ts";

/**
 * Groups that an entry may have before it is merged though its bucket is still open. A day of hourly runs stays below; a view
 * holds at least 256 KiB for each.
 */
const MAX_GROUPS = 32;
/** Groups that such a merge takes at least: it makes room for as many. */
const MIN_TAIL_GROUPS = 16;
/** A baseline is merged with what was folded into it when that is larger than this share of it. */
const FOLD_SHARE = 0.25;

/** An entry that has to be made. */
export interface Making {
  readonly planned: Planned<TimelineEntry>;
  readonly how: "gathered" | "merged";
  /** For `merged`: how many of the inputs' groups, oldest first, stay as they are. */
  readonly untouched: number;
}

type Groups = TimelineEntry["groups"];

/** `compact`: merge every entry of several groups. Oldest first. */
export function makingsOf(entries: readonly Planned<TimelineEntry>[], compact: boolean): Making[] {
  const makings: Making[] = [];
  for (const [index, planned] of entries.entries()) {
    const groups = planned.inputs.flatMap((input) => input.groups);
    const whole = groups.length > 1 && (compact || isDue(planned, groups, entries.slice(index + 1)));
    if (whole) makings.push({ planned, how: "merged", untouched: 0 });
    else if (groups.length > MAX_GROUPS)
      makings.push({ planned, how: "merged", untouched: beforeTail(groups) });
    else if (isChanged(planned)) makings.push({ planned, how: "gathered", untouched: 0 });
  }
  return makings;
}

function isChanged({ inputs, level }: Planned<TimelineEntry>): boolean {
  return inputs.length > 1 || inputs[0]?.level !== level;
}

/** How many groups lie before those that are worth merging: each larger than all that follow together. */
function beforeTail(groups: Groups): number {
  let start = groups.length;
  let bytes = 0;
  for (; start > 0; start--) {
    const next = bytesOf(groups.slice(start - 1, start));
    if (groups.length - start >= MIN_TAIL_GROUPS && next > bytes) break;
    bytes += next;
  }
  return start;
}

function isDue(
  planned: Planned<TimelineEntry>,
  groups: Groups,
  later: readonly Planned<TimelineEntry>[],
): boolean {
  // What one run wrote in several groups is left as it is: the run had its reasons, and a rollup will merge it.
  if (planned.inputs.reduce((sum, { runs }) => sum + runs, 0) < 2) return false;
  if (planned.level === "baseline")
    return bytesOf(groups.slice(1)) > FOLD_SHARE * bytesOf(groups.slice(0, 1));
  return later.some(({ epoch, level }) => epoch > planned.epoch || level === planned.level);
}

function bytesOf(groups: Groups): number {
  return groups.flat().reduce((sum, { bytes }) => sum + bytes, 0);
}
