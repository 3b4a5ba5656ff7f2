/**
 * Reading many files: a few at once, handed over in batches in the order of the entries.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import { orderedPipeline } from "../../ordered-pipeline.ts";
import type { BlobEntry } from "./face.ts";

/** Files read at once. */
const READS_AT_ONCE = 4;
/** Versions handed over together. */
const BATCH = 64;

/** `read`: undefined for a file that is left out. */
export async function* readVersions(
  entries: readonly BlobEntry[],
  read: (entry: BlobEntry, signal: AbortSignal) => Promise<CapturedVersion | undefined>,
  signal: AbortSignal,
): AsyncGenerator<readonly CapturedVersion[]> {
  let batch: CapturedVersion[] = [];
  for await (const version of orderedPipeline(entries, READS_AT_ONCE, read, signal)) {
    if (version === undefined) continue;
    batch.push(version);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
