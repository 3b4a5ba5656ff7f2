/**
 * The key hashes of many segments in one ascending stream, equal ones together: what the proof of a merge looks at instead
 * of bodies.
 */
import type { TaskName } from "../../model/task.ts";
import type { Repository } from "../../repository/repository.ts";
import { openPages } from "../../repository/segment/segment-pages.ts";
import type { SegmentInfo } from "../../repository/segment/segment.ts";

export interface RankedSegment {
  readonly segment: SegmentInfo;
  /** Handed on with each of its entries. */
  readonly rank: number;
}

export interface HashEntry {
  readonly rank: number;
  /** Fingerprint of the item's state, one character a byte. */
  readonly fingerprint: string;
}

/**
 * Table pages of all segments together, and the most of one that are fetched at a time (64 KiB each). Hashes are spread
 * evenly, so every segment has to stand open: beyond a thousand segments, which is most of a terabyte, memory grows by a page
 * for each.
 */
const PAGE_BUDGET = 1_024;
const MAX_FETCH_PAGES = 16;
/** Segments opened at a time. */
const OPEN_AT_ONCE = 16;

/** For each key hash, ascending: its entries in all segments. */
export async function* readHashes(
  repository: Repository,
  task: TaskName,
  segments: readonly RankedSegment[],
  signal: AbortSignal,
): AsyncGenerator<readonly HashEntry[]> {
  const heads: Head[] = [];
  const fetchPages = Math.min(MAX_FETCH_PAGES, Math.max(1, Math.floor(PAGE_BUDGET / segments.length)));
  const { storage, keyring } = repository;
  const open = async ({ segment, rank }: RankedSegment): Promise<Head | undefined> => {
    const pages = await openPages(storage, keyring, task, segment, undefined, signal);
    const head = new Head(pages.allFingerprints(signal, fetchPages), rank);
    return (await head.next()) ? head : undefined;
  };
  for (let start = 0; start < segments.length; start += OPEN_AT_ONCE) {
    const opened = await Promise.all(segments.slice(start, start + OPEN_AT_ONCE).map(open));
    for (const head of opened) if (head !== undefined) push(heads, head);
  }
  while (heads.length > 0) {
    const { hash } = heads[0] as Head;
    const same: HashEntry[] = [];
    while (heads[0]?.hash === hash) {
      const head = heads[0];
      same.push({ rank: head.rank, fingerprint: head.fingerprint });
      if (!(await head.next())) {
        const last = heads.pop() as Head;
        if (heads.length > 0) heads[0] = last;
      }
      sink(heads);
    }
    yield same;
  }
}

/** Entries of a table: hash and fingerprint, 8 bytes each. */
const HASH_BYTES = 8;
const ENTRY_BYTES = 16;

/** A segment's position: stands on an entry after `next` said true. */
class Head {
  readonly rank: number;
  /** One character a byte: `<` is the order of the table. */
  hash = "";
  fingerprint = "";
  readonly #pages: AsyncIterator<Buffer>;
  #page: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(pages: AsyncIterable<Buffer>, rank: number) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.rank = rank;
  }

  async next(): Promise<boolean> {
    while (this.#at >= this.#page.length) {
      const next = await this.#pages.next();
      if (next.done === true) return false;
      this.#page = next.value;
      this.#at = 0;
    }
    this.hash = this.#page.toString("latin1", this.#at, this.#at + HASH_BYTES);
    this.fingerprint = this.#page.toString("latin1", this.#at + HASH_BYTES, this.#at + ENTRY_BYTES);
    this.#at += ENTRY_BYTES;
    return true;
  }
}

/** A heap, smallest hash first. */
function push(heads: Head[], head: Head): void {
  let at = heads.length;
  heads.push(head);
  while (at > 0) {
    const parent = (at - 1) >>> 1;
    if ((heads[parent] as Head).hash <= head.hash) break;
    heads[at] = heads[parent] as Head;
    at = parent;
  }
  heads[at] = head;
}

/** Puts the first head, which has moved on, where it belongs. */
function sink(heads: Head[]): void {
  const head = heads[0];
  if (head === undefined) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heads.length) break;
    if (child + 1 < heads.length && (heads[child + 1] as Head).hash < (heads[child] as Head).hash) child += 1;
    if (head.hash <= (heads[child] as Head).hash) break;
    heads[at] = heads[child] as Head;
    at = child;
  }
  heads[at] = head;
}
