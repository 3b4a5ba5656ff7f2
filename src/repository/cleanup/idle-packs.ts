/**
 * Packs none of whose blobs any version refers to. Segments tell which blobs their versions refer to in tables that the
 * write right opens, packs which blobs they hold; no version and no blob is read.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { openPack } from "../blobs/pack-reader.ts";
import type { PackInfo } from "../blobs/pack.ts";
import type { Repository } from "../repository.ts";
import { openPages } from "../segment/segment-pages.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import { BlobFilter } from "./blob-filter.ts";

/**
 * Ids of the idle ones among `packs`; a few idle ones may be missed. None when a segment does not read, and never a pack
 * that does not: then nobody knows. Errors: `storage-*`.
 */
export async function findIdlePacks(
  repository: Repository,
  task: TaskName,
  segments: readonly SegmentInfo[],
  packs: readonly PackInfo[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const idle = new Set<string>();
  if (packs.length === 0) return idle;
  try {
    const referenced = await referencedBlobs(repository, task, segments, signal);
    for (const pack of packs) {
      if (await isIdle(repository, task, pack, referenced, signal)) idle.add(pack.id);
    }
  } catch (error) {
    if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
    return new Set();
  }
  return idle;
}

async function referencedBlobs(
  { storage, keyring }: Repository,
  task: TaskName,
  segments: readonly SegmentInfo[],
  signal: AbortSignal,
): Promise<BlobFilter> {
  const filter = new BlobFilter(segments.reduce((sum, { counts }) => sum + counts.blobRefs, 0));
  for (const segment of segments) {
    if (segment.counts.blobRefs === 0) continue;
    const pages = await openPages(storage, keyring, task, segment, undefined, signal);
    for await (const blobs of pages.allBlobs(signal)) for (const { blob } of blobs) filter.add(blob);
  }
  return filter;
}

async function isIdle(
  repository: Repository,
  task: TaskName,
  pack: PackInfo,
  referenced: BlobFilter,
  signal: AbortSignal,
): Promise<boolean> {
  const reader = await openPack(repository, task, pack, signal);
  for (const { blob } of reader.blobs()) if (referenced.mayHave(blob)) return false;
  return true;
}
