/**
 * What a hold on items saves from a merge: their versions at each instant that the merge gives up, kept beside the merged
 * delta under that instant.
 */
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { HeldSet } from "../../repository/holds.ts";
import type { HeldInstant, LostVersions, TimelineEntry } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { SegmentGroup } from "../group.ts";
import { scanGroups } from "./merge-groups.ts";
import { writeGroup } from "./write-group.ts";

/** Read-ahead when looking through what is held already: such groups are small. */
const READ_AHEAD_BYTES = 256 << 10;

/**
 * The held instants of an entry made of `inputs`, oldest first: those they have and a hold still needs, and one for each input
 * but the newest that has versions of held items. `written`: told of new segments. Errors: `object-*`, `storage-*`.
 */
export async function holdVersions(
  repository: Repository,
  task: TaskName,
  inputs: readonly TimelineEntry[],
  holds: HeldSet,
  written: (segment: SegmentInfo) => void,
  signal: AbortSignal,
): Promise<HeldInstant[]> {
  const ranges = holds.ranges();
  if (ranges.length === 0) return [];
  const held: HeldInstant[] = [];
  for (const [index, input] of inputs.entries()) {
    for (const earlier of input.held) {
      if (await isNeeded(repository, task, earlier, holds, signal)) held.push(earlier);
    }
    if (index === inputs.length - 1) break;
    const segments: SegmentInfo[] = [];
    const versions = heldVersions(repository, task, input, ranges, signal);
    await writeGroup(
      repository,
      task,
      versions,
      { filter: true },
      (segment) => {
        segments.push(segment);
        written(segment);
      },
      signal,
    );
    if (segments.length > 0 || input.lost.some(isOwn)) held.push({ to: input.to, segments });
  }
  return held.sort((a, b) => a.to - b.to);
}

/**
 * Marks of what was lost at the instants that the merge gives up: whatever is held at such an instant must not be answered
 * with an older version. They name no keys, so all of them are carried on for as long as any item is held.
 */
export function heldMarks(inputs: readonly TimelineEntry[], holds: HeldSet): LostVersions[] {
  if (holds.ranges().length === 0) return [];
  return inputs
    .slice(0, -1)
    .flatMap(({ lost, to }) => lost.filter(isOwn).map((mark): LostVersions => ({ ...mark, held: to })));
}

function isOwn({ held }: LostVersions): boolean {
  return held === undefined;
}

async function* heldVersions(
  repository: Repository,
  task: TaskName,
  input: TimelineEntry,
  ranges: ReturnType<HeldSet["ranges"]>,
  signal: AbortSignal,
): AsyncGenerator<readonly Version[]> {
  for (const range of ranges) yield* scanGroups(repository, task, input.groups, signal, range);
}

/** Whether a hold still covers anything of what is held. */
async function isNeeded(
  repository: Repository,
  task: TaskName,
  { segments }: HeldInstant,
  holds: HeldSet,
  signal: AbortSignal,
): Promise<boolean> {
  // Nothing but marks of what was lost there.
  if (segments.length === 0) return true;
  const group = new SegmentGroup(repository, task, segments);
  for await (const batch of group.scan({}, READ_AHEAD_BYTES, signal)) {
    if (batch.some(({ key }) => holds.coverOf(key) !== undefined)) return true;
  }
  return false;
}
