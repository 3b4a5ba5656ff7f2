/**
 * What a segment says of itself without a manifest: enough to open it again when manifests are lost.
 */
import type { TaskName } from "../../model/task.ts";
import type { WrappedKey } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { damaged } from "./damage.ts";
import { decodeHeader, decodeTrailer, HEADER_BYTES, type Location, SEGMENT_MAGIC } from "./frame.ts";
import { SEGMENT_TRAILER_BYTES } from "./segment-frame.ts";

/** Not authenticated before footer or directory has been opened with it. */
export interface SegmentHeader {
  readonly task: TaskName;
  readonly id: string;
  /** Size of the file. */
  readonly bytes: number;
  readonly wrapped: WrappedKey;
  readonly footer: Location;
  readonly directory: Location;
}

/** Errors: `object-missing`, `object-damaged`, `repository-newer`, `storage-*`. */
export async function readSegmentHeader(
  storage: Storage,
  path: string,
  signal?: AbortSignal,
): Promise<SegmentHeader> {
  const stat = await storage.stat(path, signal);
  const bytes = stat?.size ?? 0;
  if (stat !== undefined && bytes < HEADER_BYTES + SEGMENT_TRAILER_BYTES)
    throw damaged(path, "the file is too short");
  const head = await storage.read(path, { offset: 0, length: HEADER_BYTES }, signal);
  const { task, id, wrapped } = decodeHeader(SEGMENT_MAGIC, head, path);
  const place = { offset: bytes - SEGMENT_TRAILER_BYTES, length: SEGMENT_TRAILER_BYTES };
  const tail = await storage.read(path, place, signal);
  const [footer, directory] = decodeTrailer(SEGMENT_MAGIC, tail, bytes, path) as [Location, Location];
  return { task, id, bytes, wrapped, footer, directory };
}
