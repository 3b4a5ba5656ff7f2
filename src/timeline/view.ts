/**
 * A timeline as of one instant: for each item the newest version among the baseline and the deltas up to then.
 */
import type { Millis } from "../model/clock.ts";
import { compareKeys, type ItemKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";
import type { KeyRange } from "../repository/segment/segment-scan.ts";
import type { SegmentGroup } from "./group.ts";
import { LostInScan } from "./lost-in-scan.ts";
import { LostMarks, type LostItem } from "./lost.ts";
import { mergeNewest, type SortedVersions } from "./merge.ts";

/** Read-ahead of a whole scan, shared by its open segments (research: 1 MiB each is fastest, 256 KiB costs more reads only). */
const SCAN_BUDGET_BYTES = 16 << 20;
const MAX_READ_AHEAD_BYTES = 1 << 20;
const MIN_READ_AHEAD_BYTES = 256 << 10;

export class View {
  /** The instant the view stands for. */
  readonly instant: Millis;
  readonly epoch: number;
  /** Oldest first; marks of what was lost stand above everything they hide. */
  readonly #groups: readonly (SegmentGroup | LostMarks)[];
  readonly #onLost: (lost: LostItem) => void;

  /** `onLost`: told of each item that a scan leaves out because its version is lost. */
  constructor(
    instant: Millis,
    epoch: number,
    groups: readonly (SegmentGroup | LostMarks)[],
    onLost: (lost: LostItem) => void = () => {},
  ) {
    this.instant = instant;
    this.epoch = epoch;
    this.#groups = groups;
    this.#onLost = onLost;
  }

  /** The item's version, purged markers included; undefined when it was never kept. Errors: `version-lost`, `object-*`. */
  async get(key: ItemKey, signal?: AbortSignal): Promise<Version | undefined> {
    return (await this.getMany([key], signal))[0];
  }

  /** As `get`, for many keys in byte order: each block that holds one of them is read once. */
  async getMany(keys: readonly ItemKey[], signal?: AbortSignal): Promise<(Version | undefined)[]> {
    return this.#lookUp(
      keys,
      (marks, key) => {
        throw marks.error(key);
      },
      signal,
    );
  }

  /** `lost`: what becomes of a key whose version is lost; when it returns, the key is undefined. */
  async #lookUp(
    keys: readonly ItemKey[],
    lost: (marks: LostMarks, key: ItemKey, index: number) => void,
    signal?: AbortSignal,
  ): Promise<(Version | undefined)[]> {
    const found: (Version | undefined)[] = keys.map(() => undefined);
    let open = keys.map((key, index) => ({ key, index }));
    for (const group of this.#groups.toReversed()) {
      if (open.length === 0) break;
      if (group instanceof LostMarks) {
        open = open.filter(({ key, index }) => {
          if (!group.has(key)) return true;
          lost(group, key, index);
          return false;
        });
        continue;
      }
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

  /**
   * For each key, in any order: whether the item was there. One whose version is lost counts as there: nobody may take it
   * for an item that came later.
   */
  async contains(keys: readonly ItemKey[], signal?: AbortSignal): Promise<boolean[]> {
    const order = keys.map((key, index) => ({ key, index })).sort((a, b) => compareKeys(a.key, b.key));
    const there = keys.map(() => false);
    const sorted = order.map(({ key }) => key);
    const markLost = (_marks: LostMarks, _key: ItemKey, at: number): void => {
      there[(order[at] as { index: number }).index] = true;
    };
    const versions = await this.#lookUp(sorted, markLost, signal);
    for (const [at, { index }] of order.entries()) {
      const version = versions[at];
      if (version !== undefined && version.kind !== "purged") there[index] = true;
    }
    return there;
  }

  /**
   * Every item's version in order of key, purged markers included, in batches. Items whose version is lost are left out and
   * told of.
   */
  scan(range: KeyRange = {}, signal?: AbortSignal): AsyncGenerator<readonly Version[]> {
    const share = Math.floor(SCAN_BUDGET_BYTES / Math.max(1, this.#groups.length));
    const readAhead = Math.max(MIN_READ_AHEAD_BYTES, Math.min(MAX_READ_AHEAD_BYTES, share));
    const lost = new LostInScan(range.from === undefined && range.before === undefined);
    let streams: SortedVersions[] = [];
    for (const group of this.#groups) {
      if (group instanceof LostMarks) streams = [lost.mark(mergeNewest(streams), group)];
      else streams.push(group.scan(range, readAhead, signal));
    }
    const merged = mergeNewest(streams);
    return lost.none ? merged : lost.leaveOut(merged, this.#onLost);
  }

  /** As `scan`, without items that are purged: what a restore or a listing of the instant is made of. */
  async *scanPresent(range: KeyRange = {}, signal?: AbortSignal): AsyncGenerator<readonly Version[]> {
    for await (const batch of this.scan(range, signal)) {
      const present = batch.filter((version) => version.kind !== "purged");
      if (present.length > 0) yield present;
    }
  }
}
