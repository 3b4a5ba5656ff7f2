/**
 * Brings the revisions of each item together and the items into order, however far apart they stand in a file, in bounded
 * memory. What does not fit into memory goes into segments of the repository, sealed like everything else; no manifest ever
 * names them, and they are removed when the sorting is over.
 */
import type { ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import type { ImportedLeaf } from "../../exchange/imported.ts";
import { Memtable } from "../../repository/memtable.ts";
import { segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { FINGERPRINT_BYTES } from "../../repository/segment/fingerprint.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";
import { writeSegment } from "../../repository/segment/segment-writer.ts";
import { SegmentGroup } from "../../timeline/group.ts";
import { mergeNewest, type SortedVersions } from "../../timeline/merge.ts";

/** Bytes gathered before they are written away, as a run does. */
const MEMTABLE_BYTES = 12 << 20;
/** Segments merged into one. */
const FAN_IN = 12;
/** Beyond this tier nothing is merged: a segment keeps a table of its keys in memory while it is written. */
const LAST_TIER = 2;
/** Read-ahead of each segment that takes part in a merge. */
const READ_AHEAD_BYTES = 256 << 10;
const BATCH_VERSIONS = 256;

export interface SorterPlace {
  readonly repository: Repository;
  readonly task: TaskName;
  readonly run: string;
  readonly signal: AbortSignal;
  readonly memtableBytes?: number;
}

/** Revisions of one item that stood in the file, each once; of equal ones the last. */
export interface ItemLeaves {
  readonly key: ItemKey;
  readonly leaves: readonly Version[];
}

export class LeafSorter implements AsyncDisposable {
  readonly #place: SorterPlace;
  readonly #before: () => Promise<void>;
  #memtable = new Memtable();
  /** Segments by tier, oldest first; a higher tier is older than a lower one. */
  readonly #tiers: SegmentInfo[][] = [];

  /** `before`: called before revisions leave memory, whose contents must be durable then. */
  constructor(place: SorterPlace, before: () => Promise<void>) {
    this.#place = place;
    this.#before = before;
  }

  /** `at`: when the revision counts as seen, where the file does not say. */
  async add(leaf: ImportedLeaf, at: number): Promise<void> {
    this.#memtable.add({
      key: sortKey(leaf.key, leaf.rev),
      kind: leaf.deleted ? "deleted" : "live",
      revision: leaf.rev,
      observation: {
        run: this.#place.run,
        at: leaf.seen?.at ?? at,
        sequence: leaf.seen?.sequence ?? "",
      },
      fingerprint: NO_FINGERPRINT,
      parts: [leaf.text],
      blobs: leaf.contents.map(({ name, blob }) => ({ ...blob, part: 0, name })),
    });
    if (this.#memtable.bytes >= (this.#place.memtableBytes ?? MEMTABLE_BYTES)) await this.#spill();
  }

  /** All items in order of key. To be read once, after the last `add`. */
  async *items(): AsyncGenerator<ItemLeaves> {
    if (this.#tiers.length > 0 && this.#memtable.size > 0) await this.#spill();
    await this.#before();
    let key: ItemKey | undefined;
    let leaves: Version[] = [];
    for await (const batch of this.#sorted()) {
      for (const leaf of batch) {
        const itemKey = itemKeyOf(leaf.key);
        if (key !== undefined && !itemKey.equals(key)) {
          yield { key, leaves };
          leaves = [];
        }
        key = itemKey;
        leaves.push(leaf);
      }
    }
    if (key !== undefined) yield { key, leaves };
  }

  #sorted(): SortedVersions {
    if (this.#tiers.length === 0) return inBatches(this.#memtable.toSorted());
    return mergeNewest(
      this.#tiers.toReversed().flatMap((tier) => tier.map((segment) => this.#scan(segment))),
    );
  }

  #scan(segment: SegmentInfo): SortedVersions {
    const { repository, task, signal } = this.#place;
    return new SegmentGroup(repository, task, [segment]).scan({}, READ_AHEAD_BYTES, signal);
  }

  async #spill(): Promise<void> {
    await this.#before();
    const memtable = this.#memtable;
    this.#memtable = new Memtable();
    await this.#write(inBatches(memtable.toSorted()), 0);
    for (let tier = 0; tier < LAST_TIER; tier++) {
      const full = this.#tiers[tier] ?? [];
      if (full.length < FAN_IN) break;
      await this.#write(mergeNewest(full.map((segment) => this.#scan(segment))), tier + 1);
      this.#tiers[tier] = [];
      await this.#remove(full);
    }
  }

  async #write(versions: SortedVersions, tier: number): Promise<void> {
    const { repository, task, signal } = this.#place;
    const segment = await writeSegment({ ...repository, task }, versions, signal);
    (this.#tiers[tier] ??= []).push(segment);
  }

  async #remove(segments: readonly SegmentInfo[]): Promise<void> {
    const { repository, task } = this.#place;
    for (const { id } of segments) await repository.storage.remove(segmentPath(task, id));
  }

  /** Best effort: what stays is named by nothing, and cleanup finds it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#remove(this.#tiers.flat()).catch(() => {});
  }
}

const NO_FINGERPRINT = Buffer.alloc(FINGERPRINT_BYTES);

async function* inBatches(versions: readonly Version[]): AsyncGenerator<readonly Version[]> {
  for (let start = 0; start < versions.length; start += BATCH_VERSIONS) {
    yield versions.slice(start, start + BATCH_VERSIONS);
  }
}

const ZERO = 0x00;
/** Follows a zero byte of the item's key. */
const ESCAPED = 0xff;
/** After a zero byte: the item's key ends, the revision follows. */
const END = 0x01;

/** Ordered like the item's key first, and by revision among those of one item. */
function sortKey(key: ItemKey, rev: string): Buffer {
  const bytes: number[] = [];
  for (const byte of key) {
    bytes.push(byte);
    if (byte === ZERO) bytes.push(ESCAPED);
  }
  return Buffer.concat([Buffer.from(bytes), Buffer.from([ZERO, END]), Buffer.from(rev, "utf8")]);
}

function itemKeyOf(sorted: Buffer): ItemKey {
  const bytes: number[] = [];
  for (let at = 0; at < sorted.length; at++) {
    const byte = sorted[at] as number;
    if (byte === ZERO && sorted[at + 1] === END) break;
    bytes.push(byte);
    if (byte === ZERO) at += 1;
  }
  return Buffer.from(bytes);
}
