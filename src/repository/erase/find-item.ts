/**
 * Where an item lies: every segment that holds its key, whatever names the segment.
 */
import { compareKeys, type ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { ifIntact } from "../intact.ts";
import { manifestSegments, type Manifest } from "../manifest.ts";
import type { Repository } from "../repository.ts";
import { openSegment, segmentBounds } from "../segment/segment-reader.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import type { ObjectStat } from "../storage/storage.ts";
import { listUndoPieces, readUndoPiece } from "../undo-pieces.ts";
import { inParallel } from "./in-parallel.ts";
import { looseSegment, type LooseFiles } from "./loose-files.ts";

/** One segment of the manifest that holds the item. */
export interface Holder {
  readonly segment: SegmentInfo;
  readonly version: Version;
}

export interface FoundItem {
  readonly holders: readonly Holder[];
  /** Segments that the manifest does not name and that hold it. */
  readonly loose: readonly ObjectStat[];
  /** Restores whose undo record names one of those. */
  readonly restores: readonly string[];
  /** Segments that the manifest does not name and that do not read. */
  readonly unread: readonly string[];
}

/** Errors: `no-read-right`; `object-*` for what the manifest needs and does not read; `storage-*`. */
export async function findItem(
  repository: Repository,
  manifest: Manifest,
  key: ItemKey,
  { segments }: LooseFiles,
  signal: AbortSignal,
): Promise<FoundItem> {
  const { task } = manifest;
  const near = manifestSegments(manifest).filter((segment) => mayHold(repository, task, segment, key));
  const holders = await inParallel(near, async (segment) => {
    const version = await versionIn(repository, task, segment, key, signal);
    return version && { segment, version };
  });
  const unread: string[] = [];
  const ids = new Set<string>();
  const loose = await inParallel(segments, async (file) => {
    const info = await ifIntact(looseSegment(repository, file, signal));
    const found = info && (await ifIntact(holds(repository, task, info, key, signal)));
    if (info === undefined || found === undefined) unread.push(file.path);
    else if (found) ids.add(info.id);
    return found === true ? file : undefined;
  });
  const restores = ids.size === 0 ? [] : await restoresNaming(repository, task, ids, signal);
  return { holders: present(holders), loose: present(loose), restores, unread };
}

async function holds(
  repository: Repository,
  task: TaskName,
  segment: SegmentInfo,
  key: ItemKey,
  signal: AbortSignal,
): Promise<boolean> {
  return (await versionIn(repository, task, segment, key, signal)) !== undefined;
}

/** Told from the sealed bounds in the manifest, without a request. */
function mayHold({ keyring }: Repository, task: TaskName, segment: SegmentInfo, key: ItemKey): boolean {
  const { first, last } = segmentBounds(keyring, task, segment);
  return compareKeys(key, first) >= 0 && compareKeys(key, last) <= 0;
}

async function versionIn(
  { storage, keyring }: Repository,
  task: TaskName,
  segment: SegmentInfo,
  key: ItemKey,
  signal: AbortSignal,
): Promise<Version | undefined> {
  const reader = await openSegment(storage, keyring, task, segment, signal);
  return (await reader.mayContain(key, signal)) ? reader.get(key, signal) : undefined;
}

async function restoresNaming(
  repository: Repository,
  task: TaskName,
  segments: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<string[]> {
  const restores = new Set<string>();
  for await (const { restore, ordinal } of listUndoPieces(repository, task, signal)) {
    const piece = await ifIntact(readUndoPiece(repository, task, restore, ordinal));
    if (piece !== undefined && segments.has(piece.touched.id)) restores.add(restore);
  }
  return [...restores];
}

function present<T>(all: readonly (T | undefined)[]): T[] {
  return all.filter((one) => one !== undefined);
}
