/**
 * Writing a stream of versions as one group: segments of bounded size, one behind the other in order of key.
 */
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { Repository } from "../../repository/repository.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";
import type { SortedVersions } from "../merge.ts";

/**
 * A writer holds the tables and the filter of the segment it writes: about 50 bytes for each version. Body bytes bound the size of
 * the file, and with it what a damaged file can cost.
 */
const SEGMENT_LIMITS: SegmentLimits = { versions: 1_000_000, bodyBytes: 768 << 20 };

export interface SegmentLimits {
  readonly versions: number;
  readonly bodyBytes: number;
}

export interface GroupOptions {
  /** Whether the segments get a key filter: not where nearly every key asked for is there. */
  readonly filter: boolean;
  /** Default `SEGMENT_LIMITS`. */
  readonly limits?: SegmentLimits;
}

/** Nothing for no versions. `written`: told of each segment as it is finished. Errors: as `writeSegment`. */
export async function writeGroup(
  repository: Repository,
  task: TaskName,
  versions: SortedVersions,
  { filter, limits = SEGMENT_LIMITS }: GroupOptions,
  written: (segment: SegmentInfo) => void,
  signal: AbortSignal,
): Promise<void> {
  const source = new Cutter(versions, limits);
  try {
    while (await source.hasMore()) {
      const target = { storage: repository.storage, keyring: repository.keyring, task, layout: { filter } };
      written(await writeSegment(target, source.part(), signal));
    }
  } finally {
    await source.close();
  }
}

/** Cuts a stream into parts. */
class Cutter {
  readonly #iterator: AsyncIterator<readonly Version[]>;
  readonly #limits: SegmentLimits;
  /** Read and not yet handed on. */
  #batch: readonly Version[] = [];
  #done = false;

  constructor(versions: SortedVersions, limits: SegmentLimits) {
    this.#iterator = versions[Symbol.asyncIterator]();
    this.#limits = limits;
  }

  async hasMore(): Promise<boolean> {
    while (!this.#done && this.#batch.length === 0) {
      const next = await this.#iterator.next();
      if (next.done === true) this.#done = true;
      else this.#batch = next.value;
    }
    return !this.#done;
  }

  async *part(): AsyncGenerator<readonly Version[]> {
    let versions = 0;
    let bytes = 0;
    while ((await this.hasMore()) && versions < this.#limits.versions && bytes < this.#limits.bodyBytes) {
      const batch = this.#batch.slice(0, this.#limits.versions - versions);
      this.#batch = this.#batch.slice(batch.length);
      versions += batch.length;
      for (const { parts } of batch) for (const part of parts) bytes += part.length;
      yield batch;
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
