/**
 * Writing one segment: composes it from a stream of versions in order of key, hands the bytes to the storage as they
 * come, and looks at what the storage made of them.
 */
import { randomHex } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { segmentPath } from "../paths.ts";
import type { Keyring } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { DEFAULT_LAYOUT, type SegmentLayout } from "./layout.ts";
import { readBack } from "./read-back.ts";
import { SegmentComposer, type VersionBatches } from "./segment-composer.ts";
import type { SegmentInfo } from "./segment.ts";

/** What a writer needs of a repository; the write right is enough. */
export interface SegmentTarget {
  readonly storage: Storage;
  readonly keyring: Keyring;
  readonly task: TaskName;
  readonly layout?: Partial<SegmentLayout>;
}

const SEGMENT_ID_BYTES = 16;

/**
 * Writes all of `records`, at least one, whose keys must strictly ascend, as one new segment; then reads its footer
 * and one block back from the storage. Durable when it returns, but part of no timeline before a manifest names it.
 *
 * Errors: `internal` for keys out of order or no records at all; `object-damaged` when the storage gives back other
 * bytes; `storage-*`; whatever `records` throws. Nothing is visible after an error or an abort, except when reading
 * back failed: then the file stays, unreferenced.
 */
export async function writeSegment(
  target: SegmentTarget,
  records: VersionBatches,
  signal?: AbortSignal,
): Promise<SegmentInfo> {
  const { task } = target;
  const id = randomHex(SEGMENT_ID_BYTES);
  const path = segmentPath(task, id);
  const fileKey = target.keyring.newFileKey(task, id);
  const composer = new SegmentComposer(target.keyring, task, id, fileKey, {
    ...DEFAULT_LAYOUT,
    ...target.layout,
  });
  const outcome = await target.storage.create(path, composer.compose(records, signal), signal);
  if (outcome === "exists") {
    throw new HoldfastError(
      "storage-failed",
      `${path} exists although its name was drawn at random just now.`,
      {
        path,
        task,
      },
    );
  }
  const info = composer.info();
  await readBack(target.storage, task, info, fileKey.key, signal);
  return info;
}
