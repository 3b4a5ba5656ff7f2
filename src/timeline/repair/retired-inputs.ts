/**
 * What a merged segment held, worked out again from the retired entries that were merged into its entry. Only trusted when
 * all of them are there and what they come to has the very counts of the segment.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { NeededSegment } from "../../repository/check/needed-files.ts";
import type { Manifest, TimelineEntry } from "../../repository/manifest.ts";
import type { Repository } from "../../repository/repository.ts";
import { taskFingerprints } from "../../repository/segment/fingerprint.ts";
import { KeyTable } from "../../repository/segment/key-table.ts";
import type { SegmentCounts } from "../../repository/segment/segment.ts";
import { SegmentGroup } from "../group.ts";
import { mergeNewest } from "../merge.ts";
import { rangeOfSegment } from "./salvage.ts";

/** Read ahead of each input, of which there may be many. */
const READ_AHEAD_BYTES = 256 * 1024;

/** The entries of the segment's key-hash table; undefined when they cannot be worked out. Errors: `storage-*`. */
export async function tableFromRetired(
  repository: Repository,
  manifest: Manifest,
  { info, uses }: NeededSegment,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const range = rangeOfSegment(repository, manifest.task, info);
  for (const { entry, instant } of uses) {
    const inputs = instant === entry.to ? inputsOf(manifest, entry) : undefined;
    if (inputs === undefined) continue;
    const groups = inputs.flatMap(({ groups: all }) =>
      all.map((segments) => new SegmentGroup(repository, manifest.task, segments)),
    );
    try {
      const streams = groups.map((group) => group.scan(range, READ_AHEAD_BYTES, signal));
      const table = await tableOf(repository, manifest.task, mergeNewest(streams), info.counts);
      if (table !== undefined) return table;
    } catch (error) {
      // Inputs that are damaged too prove nothing.
      if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
    }
  }
  return undefined;
}

/** The retired entries that the entry was merged of, oldest first; undefined when one of them is gone. */
function inputsOf(manifest: Manifest, entry: TimelineEntry): readonly TimelineEntry[] | undefined {
  const inputs = manifest.retired
    .filter(({ into }) => into === entry.id)
    .map((retired) => retired.entry)
    .sort((a, b) => a.to - b.to);
  let reached = entry.from;
  for (const { from, to } of inputs) {
    if (from !== reached) return undefined;
    reached = to;
  }
  return inputs.length > 0 && reached === entry.to ? inputs : undefined;
}

/** The table of all versions, or of the live ones where tombstones were dropped, whichever has the counts. */
async function tableOf(
  repository: Repository,
  task: TaskName,
  versions: ReturnType<typeof mergeNewest>,
  wanted: SegmentCounts,
): Promise<Buffer | undefined> {
  const fingerprints = taskFingerprints(repository.keyring, task);
  const candidates = [new Candidate(() => true), new Candidate((kind) => kind === "live")];
  for await (const batch of versions) {
    for (const version of batch) {
      for (const candidate of candidates) {
        if (!candidate.takes(version.kind)) continue;
        const { high, low } = fingerprints.keyHashHalves(version.key);
        candidate.table.add(high, low, version.fingerprint);
        candidate.counts[version.kind] += 1;
        for (const part of version.parts) candidate.counts.bodyBytes += part.length;
        candidate.counts.blobRefs += version.blobs.length;
      }
    }
  }
  const match = candidates.find(({ counts }) =>
    Object.entries(wanted).every(([name, count]) => counts[name as keyof SegmentCounts] === count),
  );
  if (match === undefined) return undefined;
  return Buffer.concat([...match.table.pages(Math.max(1, match.table.count))]);
}

class Candidate {
  readonly table = new KeyTable();
  readonly counts = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, blobRefs: 0 };
  readonly takes: (kind: "live" | "deleted" | "purged") => boolean;

  constructor(takes: Candidate["takes"]) {
    this.takes = takes;
  }
}
