/**
 * A timeline as of one instant: for each item the newest version among the baseline and the deltas up to then.
 */
import type { Millis } from "../model/clock.ts";
import type { ItemKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";
import type { KeyRange } from "../repository/segment/segment-scan.ts";
import type { SegmentGroup } from "./group.ts";
import { mergeNewest } from "./merge.ts";

/** Read-ahead of a whole scan, shared by its open segments (research: 1 MiB each is fastest, 256 KiB costs more reads only). */
const SCAN_BUDGET_BYTES = 16 << 20;
const MAX_READ_AHEAD_BYTES = 1 << 20;
const MIN_READ_AHEAD_BYTES = 256 << 10;

export class View {
  /** The instant the view stands for. */
  readonly instant: Millis;
  readonly epoch: number;
  /** Oldest first. */
  readonly #groups: readonly SegmentGroup[];

  constructor(instant: Millis, epoch: number, groups: readonly SegmentGroup[]) {
    this.instant = instant;
    this.epoch = epoch;
    this.#groups = groups;
  }

  /** The item's version, purged markers included; undefined when it was never kept. */
  async get(key: ItemKey, signal?: AbortSignal): Promise<Version | undefined> {
    for (let index = this.#groups.length - 1; index >= 0; index--) {
      const version = await (this.#groups[index] as SegmentGroup).get(key, signal);
      if (version !== undefined) return version;
    }
    return undefined;
  }

  /** Every item's version in order of key, purged markers included, in batches. */
  scan(range: KeyRange = {}, signal?: AbortSignal): AsyncGenerator<readonly Version[]> {
    const share = Math.floor(SCAN_BUDGET_BYTES / Math.max(1, this.#groups.length));
    const readAhead = Math.max(MIN_READ_AHEAD_BYTES, Math.min(MAX_READ_AHEAD_BYTES, share));
    return mergeNewest(this.#groups.map((group) => group.scan(range, readAhead, signal)));
  }

  /** As `scan`, without items that are purged: what a restore or a listing of the instant is made of. */
  async *scanPresent(range: KeyRange = {}, signal?: AbortSignal): AsyncGenerator<readonly Version[]> {
    for await (const batch of this.scan(range, signal)) {
      const present = batch.filter((version) => version.kind !== "purged");
      if (present.length > 0) yield present;
    }
  }
}
