/**
 * Segments and packs of a task that its manifest does not name: of runs under way or cut off, of undo records, or about to be
 * deleted. Their own header and trailer tell how to open them.
 */
import type { PackInfo } from "../blobs/pack.ts";
import { isOwnFile } from "../cleanup/own-files.ts";
import { manifestPaths, type Manifest } from "../manifest.ts";
import { packsOf, segmentsOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import {
  decodeHeader,
  decodeTrailer,
  HEADER_BYTES,
  PACK_MAGIC,
  SEGMENT_MAGIC,
  trailerBytes,
  type FrameHeader,
  type Location,
} from "../segment/frame.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import type { ObjectStat, Storage } from "../storage/storage.ts";

export interface LooseFiles {
  readonly segments: readonly ObjectStat[];
  readonly packs: readonly ObjectStat[];
}

/** What is there now. Errors: `storage-*`. */
export async function listLooseFiles(
  { storage }: Repository,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<LooseFiles> {
  const { task } = manifest;
  const named = manifestPaths(manifest);
  const list = async (prefix: string): Promise<ObjectStat[]> => {
    const loose: ObjectStat[] = [];
    for await (const object of storage.list(prefix, { signal })) {
      if (!named.has(object.path) && isOwnFile(task, object.path)) loose.push(object);
    }
    return loose;
  };
  return { segments: await list(segmentsOf(task)), packs: await list(packsOf(task)) };
}

/** Enough of a loose segment's description to open it; bounds, counts and digest are not known. Errors: `object-*`, `storage-*`. */
export async function looseSegment(
  { storage }: Repository,
  file: ObjectStat,
  signal: AbortSignal,
): Promise<SegmentInfo> {
  const { header, places } = await readFrame(storage, SEGMENT_MAGIC, 2, file, signal);
  const [footer, directory] = places as [Location, Location];
  const counts = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, blobRefs: 0 };
  const { id, wrapped } = header;
  return { id, bytes: file.size, sha256: "", wrapped, bounds: Buffer.alloc(0), footer, directory, counts };
}

/** As `looseSegment`, of a pack. */
export async function loosePack(
  { storage }: Repository,
  file: ObjectStat,
  signal: AbortSignal,
): Promise<PackInfo> {
  const { header, places } = await readFrame(storage, PACK_MAGIC, 1, file, signal);
  const [table] = places as [Location];
  const { id, wrapped } = header;
  return { id, bytes: file.size, sha256: "", wrapped, table, blobs: 0, storedBytes: 0 };
}

async function readFrame(
  storage: Storage,
  magic: Buffer,
  pieces: number,
  { path, size }: ObjectStat,
  signal: AbortSignal,
): Promise<{ readonly header: FrameHeader; readonly places: readonly Location[] }> {
  const header = decodeHeader(
    magic,
    await storage.read(path, { offset: 0, length: Math.min(size, HEADER_BYTES) }, signal),
    path,
  );
  const length = trailerBytes(pieces);
  const trailer = await storage.read(path, { offset: size - length, length }, signal);
  return { header, places: decodeTrailer(magic, trailer, size, path) };
}
