/**
 * A timeline as of one instant: for each item the newest version among the baseline and the deltas up to then.
 */
import type { Millis } from "../model/clock.ts";
import { compareKeys, type ItemKey } from "../model/key.ts";
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
    return (await this.getMany([key], signal))[0];
  }

  /** As `get`, for many keys in byte order: each block that holds one of them is read once. */
  async getMany(keys: readonly ItemKey[], signal?: AbortSignal): Promise<(Version | undefined)[]> {
    const found: (Version | undefined)[] = keys.map(() => undefined);
    let open = keys.map((key, index) => ({ key, index }));
    for (const group of this.#groups.toReversed()) {
      if (open.length === 0) break;
      const versions = await group.getMany(
        open.map(({ key }) => key),
        signal,
      );
      open = open.filter(({ index }, position) => {
        found[index] = versions[position];
        return found[index] === undefined;
      });
    }
    return found;
  }

  /** As `getMany` for keys in any order; purged items are undefined. */
  async findPresent(keys: readonly ItemKey[], signal?: AbortSignal): Promise<(Version | undefined)[]> {
    const order = keys.map((key, index) => ({ key, index })).sort((a, b) => compareKeys(a.key, b.key));
    const versions = await this.getMany(
      order.map(({ key }) => key),
      signal,
    );
    const found: (Version | undefined)[] = keys.map(() => undefined);
    for (const [position, { index }] of order.entries()) {
      if (versions[position]?.kind !== "purged") found[index] = versions[position];
    }
    return found;
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
