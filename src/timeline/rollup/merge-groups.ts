/**
 * Merging groups into one: a streaming k-way merge over range reads. For each item the version of the newest group that
 * holds it, with its own observation, fingerprint and blob references; blobs stay where they are.
 */
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { SegmentGroup } from "../group.ts";
import { mergeNewest, type SortedVersions } from "../merge.ts";
import { proveMerge } from "./prove-merge.ts";
import { VersionDigest } from "./version-digest.ts";
import { writeGroup, type SegmentLimits } from "./write-group.ts";

/** Groups that are open at a time (research: memory is inputs × read-ahead). */
const MAX_FAN_IN = 64;
/** Read-ahead of all inputs together, and the least for one. */
const READ_BUDGET_BYTES = 16 << 20;
const MIN_READ_AHEAD_BYTES = 128 << 10;
const MAX_READ_AHEAD_BYTES = 1 << 20;

export type Groups = readonly (readonly SegmentInfo[])[];

export interface MergeOptions {
  readonly filter: boolean;
  /** Versions to leave out; nothing older than the groups may exist. Absent: all are kept. */
  readonly drop?: ((version: Version) => boolean) | undefined;
  readonly limits?: SegmentLimits | undefined;
  readonly progress?: ((done: { readonly versions: number; readonly bytes: number }) => void) | undefined;
}

export interface MergedGroup {
  /** One group; empty when everything was dropped. */
  readonly segments: readonly SegmentInfo[];
  readonly versions: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/**
 * Merges groups, oldest first, and proves the result; it is durable when this returns, but part of no timeline.
 * Errors: `rollup-unproven`, `no-read-right`, `object-*`, `storage-*`; what was written is removed then.
 */
export async function mergeGroups(
  repository: Repository,
  task: TaskName,
  groups: Groups,
  options: MergeOptions,
  signal: AbortSignal,
): Promise<MergedGroup> {
  const passing: SegmentInfo[] = [];
  let open = groups;
  let readBytes = 0;
  let writtenBytes = 0;
  try {
    // Neighbours first: newer must stay newer.
    while (open.length > MAX_FAN_IN) {
      const fewer: (readonly SegmentInfo[])[] = [];
      for (let start = 0; start < open.length; start += MAX_FAN_IN) {
        const some = open.slice(start, start + MAX_FAN_IN);
        const { segments, ...bytes } = await mergeOnce(
          repository,
          task,
          some,
          { filter: false, limits: options.limits },
          signal,
        );
        passing.push(...segments);
        fewer.push(segments);
        readBytes += bytes.readBytes;
        writtenBytes += bytes.writtenBytes;
      }
      open = fewer;
    }
    const merged = await mergeOnce(repository, task, open, options, signal);
    return {
      ...merged,
      readBytes: readBytes + merged.readBytes,
      writtenBytes: writtenBytes + merged.writtenBytes,
    };
  } finally {
    await removeWritten(repository, task, passing);
  }
}

/** Takes back segments that no manifest has ever named. Best effort: cleanup finds what is left. */
export async function removeWritten(
  repository: Repository,
  task: TaskName,
  segments: readonly SegmentInfo[],
): Promise<void> {
  for (const { id } of segments) await repository.storage.remove(segmentPath(task, id)).catch(() => {});
}

async function mergeOnce(
  repository: Repository,
  task: TaskName,
  groups: Groups,
  options: MergeOptions,
  signal: AbortSignal,
): Promise<MergedGroup> {
  const digest = new VersionDigest();
  const segments: SegmentInfo[] = [];
  const tally = { dropped: 0, bytes: 0 };
  const merged = scanGroups(repository, task, groups, signal);
  const { drop, progress } = options;
  async function* chosen(): AsyncGenerator<readonly Version[]> {
    for await (const batch of merged) {
      const kept = drop === undefined ? batch : batch.filter((version) => !drop(version));
      tally.dropped += batch.length - kept.length;
      for (const version of kept) {
        digest.add(version);
        for (const part of version.parts) tally.bytes += part.length;
      }
      progress?.({ versions: digest.count, bytes: tally.bytes });
      if (kept.length > 0) yield kept;
    }
  }
  try {
    const layout = options.limits === undefined ? {} : { limits: options.limits };
    await writeGroup(
      repository,
      task,
      chosen(),
      { filter: options.filter, ...layout },
      (segment) => segments.push(segment),
      signal,
    );
    const written = { versions: digest.count, digest: digest.finish(), dropped: tally.dropped };
    await proveMerge(repository, task, { inputs: groups, output: segments, ...written }, signal);
    return {
      segments,
      versions: written.versions,
      readBytes: bytesOf(groups.flat()),
      writtenBytes: bytesOf(segments),
    };
  } catch (error) {
    await removeWritten(repository, task, segments);
    throw error;
  }
}

/** The newest version of each item of the groups, oldest group first, within a budget of memory. */
export function scanGroups(
  repository: Repository,
  task: TaskName,
  groups: Groups,
  signal: AbortSignal,
  range: Parameters<SegmentGroup["scan"]>[0] = {},
): SortedVersions {
  const share = Math.floor(READ_BUDGET_BYTES / Math.max(1, groups.length));
  const readAhead = Math.min(MAX_READ_AHEAD_BYTES, Math.max(MIN_READ_AHEAD_BYTES, share));
  return mergeNewest(
    groups.map((group) => new SegmentGroup(repository, task, group).scan(range, readAhead, signal)),
  );
}

function bytesOf(segments: readonly SegmentInfo[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}
