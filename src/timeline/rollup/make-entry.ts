/**
 * Making one entry out of others: gathering or merging their groups, saving what is held, carrying marks on.
 */
import { createHash } from "node:crypto";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { HeldSet } from "../../repository/holds.ts";
import { entrySegments, type EntryCounts, type TimelineEntry } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { carryLost } from "../lost.ts";
import type { Planned } from "../retention/plan.ts";
import { heldMarks, holdVersions } from "./held-versions.ts";
import type { Making } from "./making.ts";
import { mergeGroups, removeWritten, type MergeOptions } from "./merge-groups.ts";

export interface MakeOptions extends Pick<MergeOptions, "progress" | "limits"> {
  readonly holds: HeldSet;
  readonly dropTombstones: boolean;
}

/** An entry that no manifest names yet. */
export interface MadeEntry {
  readonly entry: TimelineEntry;
  readonly making: Making;
  /** Segments that were written for it. */
  readonly written: readonly SegmentInfo[];
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Errors: `rollup-unproven`, `no-read-right`, `object-*`, `storage-*`; what was written is removed then. */
export async function makeEntry(
  repository: Repository,
  task: TaskName,
  making: Making,
  options: MakeOptions,
  signal: AbortSignal,
): Promise<MadeEntry> {
  const { planned, how, untouched } = making;
  const { inputs } = planned;
  const written: SegmentInfo[] = [];
  try {
    const held = await holdVersions(
      repository,
      task,
      inputs,
      options.holds,
      (segment) => written.push(segment),
      signal,
    );
    const lost = [
      ...(await carryLost(repository, task, inputs, signal)),
      ...heldMarks(inputs, options.holds),
    ];
    const gathered = inputs.flatMap((input) => input.groups);
    const made = { planned, id: idOf(task, making), held, lost };
    if (how === "gathered") {
      const entry = entryOf({ ...made, groups: gathered, counts: sumOf(inputs.map(({ counts }) => counts)) });
      return { entry, making, written, readBytes: 0, writtenBytes: 0 };
    }
    const { progress, limits } = options;
    const filter = planned.level !== "baseline";
    const drop = untouched === 0 ? dropper(planned, options) : undefined;
    const merge = { filter, drop, progress, limits };
    const { segments, readBytes, writtenBytes } = await mergeGroups(
      repository,
      task,
      gathered.slice(untouched),
      merge,
      signal,
    );
    written.push(...segments);
    const groups = [...gathered.slice(0, untouched), ...(segments.length === 0 ? [] : [segments])];
    const entry = entryOf({ ...made, groups, counts: sumOf(groups.flat().map(countsOf)) });
    return { entry, making, written, readBytes, writtenBytes };
  } catch (error) {
    await removeWritten(repository, task, written);
    throw error;
  }
}

/** Deletions are forgotten only where nothing older is left that they could uncover. */
function dropper(
  { level }: Planned<TimelineEntry>,
  { dropTombstones, holds }: MakeOptions,
): ((version: Version) => boolean) | undefined {
  if (!dropTombstones || level !== "baseline") return undefined;
  return ({ kind, key }) => kind !== "live" && holds.coverOf(key) === undefined;
}

const ID_DIGITS = 32;

/** A function of what goes in: the same rollup done twice, or by two at once, makes the same entry. */
export function idOf(task: TaskName, { planned, how, untouched }: Making): string {
  const [first] = planned.inputs;
  // An entry that only changes its level or its files is still that run's, and what runs build on.
  const alone = planned.inputs.length === 1 ? first : undefined;
  if (alone !== undefined && (how === "gathered" || alone.runs === 1)) return alone.id;
  const inputs = planned.inputs.map(
    (input) =>
      `${input.id} ${entrySegments(input)
        .map(({ id }) => id)
        .join(" ")}`,
  );
  const text = ["rollup", task, how, untouched, planned.level, ...inputs].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, ID_DIGITS);
}

interface Parts extends Pick<TimelineEntry, "id" | "groups" | "counts" | "held" | "lost"> {
  readonly planned: Planned<TimelineEntry>;
}

function entryOf({ planned, ...made }: Parts): TimelineEntry {
  const { epoch, level, from, to, inputs } = planned;
  const oldest = inputs[0] as TimelineEntry;
  const newest = inputs[inputs.length - 1] as TimelineEntry;
  return {
    ...newest,
    ...made,
    epoch,
    level,
    from,
    to,
    beforeRestore: inputs.length === 1 && newest.beforeRestore,
    reason: level === "baseline" ? oldest.reason : newest.reason,
    runs: inputs.reduce((sum, { runs }) => sum + runs, 0),
    change: inputs.length === 1 ? newest.change : null,
    anomalies: inputs.flatMap(({ anomalies }) => anomalies),
  };
}

function countsOf({ counts, bytes }: SegmentInfo): EntryCounts {
  const { live, deleted, purged, bodyBytes } = counts;
  return { live, deleted, purged, bodyBytes, storedBytes: bytes };
}

function sumOf(counts: readonly EntryCounts[]): EntryCounts {
  const sum = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 };
  for (const one of counts)
    for (const name of Object.keys(sum) as (keyof EntryCounts)[]) sum[name] += one[name];
  return sum;
}
