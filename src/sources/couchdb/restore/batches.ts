/**
 * Cuts versions into batches, in the order given: CouchDB writes documents in byte order of their ids almost three times
 * as fast as in any other order (19,465 against 7,246 a second).
 */
import type { Version } from "../../../model/version.ts";

/** Revisions in a batch: 500 was measured fastest of 500 to 5,000. */
const BATCH_REVISIONS = 500;

/** Bytes of bodies in a batch: the native replicator's own flush size; every server's request limit is above it. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** `aside` takes the versions that do not belong into a batch, and says so by true. */
export async function* batched(
  versions: AsyncIterable<readonly Version[]>,
  aside: (version: Version) => boolean,
): AsyncGenerator<Version[]> {
  let batch: Version[] = [];
  let revisions = 0;
  let bytes = 0;
  for await (const some of versions) {
    for (const version of some) {
      if (aside(version)) continue;
      const size = version.parts.reduce((sum, part) => sum + part.length, 0);
      const full = revisions + version.parts.length > BATCH_REVISIONS || bytes + size > BATCH_BYTES;
      if (full && batch.length > 0) {
        yield batch;
        [batch, revisions, bytes] = [[], 0, 0];
      }
      batch.push(version);
      revisions += version.parts.length;
      bytes += size;
    }
  }
  if (batch.length > 0) yield batch;
}

/** One large document's revisions, cut as batches are. */
export function cutBySize<T>(items: readonly T[], size: (item: T) => number): T[][] {
  const cuts: T[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = cuts.at(-1);
    if (last === undefined || last.length >= BATCH_REVISIONS || bytes + size(item) > BATCH_BYTES) {
      cuts.push([item]);
      bytes = size(item);
    } else {
      last.push(item);
      bytes += size(item);
    }
  }
  return cuts;
}
