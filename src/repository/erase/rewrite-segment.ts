/**
 * A segment written again without one item, and proven: read back whole, it holds every other version of the old one, byte
 * for byte, and nothing else.
 */
import { isDeepStrictEqual } from "node:util";
import { HoldfastError } from "../../model/errors.ts";
import type { ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { segmentPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { openSegment } from "../segment/segment-reader.ts";
import type { SegmentInfo } from "../segment/segment.ts";
import { writeSegment } from "../segment/segment-writer.ts";

/** Null when the segment held nothing but the item. Errors: `object-*`, `storage-*`. */
export async function rewriteSegment(
  repository: Repository,
  task: TaskName,
  segment: SegmentInfo,
  key: ItemKey,
  signal: AbortSignal,
): Promise<SegmentInfo | null> {
  const { storage, keyring } = repository;
  const old = await openSegment(storage, keyring, task, segment, signal);
  const others = (): AsyncGenerator<Version[]> => without(old.scan({}, {}, signal), key);
  const { live, deleted, purged } = old.counts;
  if (live + deleted + purged === 1) return null;
  const written = await writeSegment({ storage, keyring, task }, others(), signal);
  const reader = await openSegment(storage, keyring, task, written, signal);
  if (await areEqual(others(), reader.scan({}, {}, signal))) return written;
  const path = segmentPath(task, written.id);
  const message = `${path}, written to replace ${segmentPath(task, segment.id)} without an item, does not read back as it was written: nothing was erased.`;
  throw new HoldfastError("object-damaged", message, { task, path });
}

async function* without(batches: AsyncIterable<Version[]>, key: ItemKey): AsyncGenerator<Version[]> {
  for await (const batch of batches) {
    const others = batch.filter((version) => !version.key.equals(key));
    if (others.length > 0) yield others;
  }
}

async function areEqual(a: AsyncIterable<Version[]>, b: AsyncIterable<Version[]>): Promise<boolean> {
  await using left = each(a);
  await using right = each(b);
  for (;;) {
    const [one, other] = [await left.next(), await right.next()];
    if (one.done === true || other.done === true) return one.done === other.done;
    if (!isDeepStrictEqual(one.value, other.value)) return false;
  }
}

async function* each(batches: AsyncIterable<Version[]>): AsyncGenerator<Version> {
  for await (const batch of batches) yield* batch;
}
