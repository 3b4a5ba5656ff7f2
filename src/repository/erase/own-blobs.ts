/**
 * Which blobs go with an item: those that its versions refer to and no version of any other item does. Blobs are stored once
 * for all items with the same content.
 */
import type { ItemKey } from "../../model/key.ts";
import type { Repository } from "../repository.ts";
import { manifestSegments, type Manifest } from "../manifest.ts";
import { openPages } from "../segment/segment-pages.ts";
import { openSegment } from "../segment/segment-reader.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import type { Holder } from "./find-item.ts";

/** Blob ids. Errors: `object-*`, `storage-*`. */
export async function ownBlobs(
  repository: Repository,
  manifest: Manifest,
  key: ItemKey,
  holders: readonly Holder[],
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const own = new Set(holders.flatMap(({ version }) => version.blobs.map(({ blob }) => blob)));
  const holding = new Set(holders.map(({ segment }) => segment.id));
  for (const segment of manifestSegments(manifest)) {
    if (own.size === 0) break;
    if (segment.counts.blobRefs === 0) continue;
    const blobs = holding.has(segment.id)
      ? blobsOfOthers(repository, manifest, segment, key, signal)
      : blobsOfAll(repository, manifest, segment, signal);
    for await (const blob of blobs) own.delete(blob);
  }
  return own;
}

async function* blobsOfAll(
  { storage, keyring }: Repository,
  { task }: Manifest,
  segment: SegmentInfo,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const pages = await openPages(storage, keyring, task, segment, undefined, signal);
  for await (const blobs of pages.allBlobs(signal)) for (const { blob } of blobs) yield blob;
}

/** The tables do not tell which item refers to a blob, the versions do. */
async function* blobsOfOthers(
  { storage, keyring }: Repository,
  { task }: Manifest,
  segment: SegmentInfo,
  key: ItemKey,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const reader = await openSegment(storage, keyring, task, segment, signal);
  for await (const versions of reader.scan({}, {}, signal)) {
    for (const version of versions) {
      if (!version.key.equals(key)) for (const { blob } of version.blobs) yield blob;
    }
  }
}
