/**
 * Reading one group of segments: disjoint key ranges in ascending order, opened only when a key leads into them.
 */
import { HoldfastError } from "../model/errors.ts";
import { compareKeys, type ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { Version } from "../model/version.ts";
import type { Repository } from "../repository/repository.ts";
import type { Bounds } from "../repository/segment/footer.ts";
import { openSegment, segmentBounds, type SegmentReader } from "../repository/segment/segment-reader.ts";
import type { KeyRange } from "../repository/segment/segment-scan.ts";
import type { SegmentInfo } from "../repository/segment/segment.ts";

export class SegmentGroup {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #segments: readonly SegmentInfo[];
  readonly #bounds = new Map<SegmentInfo, Bounds>();
  readonly #readers = new Map<SegmentInfo, Promise<SegmentReader>>();

  constructor(repository: Repository, task: TaskName, segments: readonly SegmentInfo[]) {
    this.#repository = repository;
    this.#task = task;
    this.#segments = segments;
  }

  /** For each key, ascending: its version, or undefined. A block is read once. Errors: `no-read-right`, `object-*`, `storage-*`. */
  async getMany(keys: readonly ItemKey[], signal?: AbortSignal): Promise<(Version | undefined)[]> {
    const found: (Version | undefined)[] = [];
    while (found.length < keys.length) {
      const start = found.length;
      const index = this.#firstReaching(keys[start] as ItemKey);
      const segment = this.#segments[index];
      if (segment === undefined) return [...found, ...keys.slice(start).map(() => undefined)];
      const { last } = this.#boundsOf(segment);
      let end = start + 1;
      while (end < keys.length && compareKeys(keys[end] as ItemKey, last) <= 0) end++;
      found.push(...(await (await this.#open(segment)).getMany(keys.slice(start, end), signal)));
    }
    return found;
  }

  /** All versions in a range, in order of key. `readAheadBytes` bounds what is held of each open segment. */
  async *scan(
    range: KeyRange,
    readAheadBytes: number,
    signal?: AbortSignal,
  ): AsyncGenerator<readonly Version[]> {
    for (
      let index = range.from ? this.#firstReaching(range.from) : 0;
      index < this.#segments.length;
      index++
    ) {
      const segment = this.#segments[index] as SegmentInfo;
      if (range.before && compareKeys(this.#boundsOf(segment).first, range.before) >= 0) return;
      // Scanned segments are not kept open: a whole timeline may pass through here.
      const open = this.#readers.get(segment) ?? this.#openSegment(segment);
      yield* (await open).scan(range, { readAheadBytes }, signal);
    }
  }

  /** Index of the first segment whose last key is at or after `key`. */
  #firstReaching(key: ItemKey): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareKeys(this.#boundsOf(this.#segments[middle] as SegmentInfo).last, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #boundsOf(segment: SegmentInfo): Bounds {
    let bounds = this.#bounds.get(segment);
    if (bounds === undefined) {
      bounds = segmentBounds(this.#repository.keyring, this.#task, segment);
      if (bounds === undefined)
        throw new HoldfastError("internal", `The empty segment ${segment.id} is in a group.`);
      this.#bounds.set(segment, bounds);
    }
    return bounds;
  }

  async #openSegment(segment: SegmentInfo): Promise<SegmentReader> {
    return openSegment(this.#repository.storage, this.#repository.keyring, this.#task, segment);
  }

  async #open(segment: SegmentInfo): Promise<SegmentReader> {
    let reader = this.#readers.get(segment);
    if (reader === undefined) {
      reader = this.#openSegment(segment);
      this.#readers.set(segment, reader);
      reader.catch(() => this.#readers.delete(segment));
    }
    return reader;
  }
}
