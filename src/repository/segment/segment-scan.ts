/**
 * Reading a segment in order: adjacent blocks are fetched together, the next fetch runs while the present one is
 * decoded, and a few blocks are decompressed ahead on the thread pool.
 */
import type { Version } from "../../model/version.ts";
import { type BlockEntry, lastNotAfter } from "./block-index.ts";
import { decompressOnPool } from "./compression.ts";
import { damaged } from "./damage.ts";
import type { SegmentFile } from "./segment-file.ts";

/** Keys `[from, before)`; an absent end is open. */
export interface KeyRange {
  readonly from?: Buffer;
  readonly before?: Buffer;
}

export interface ScanOptions {
  /**
   * Sealed bytes fetched at a time, at least one block; a scan holds about twice this and what it decompresses to.
   */
  readonly readAheadBytes?: number;
}

/** Two of these are in memory; merges of many segments ask for less. */
export const DEFAULT_READ_AHEAD_BYTES = 1024 * 1024;

/** Enough to keep one other core decompressing while this one decodes. */
const DECOMPRESS_AHEAD_BLOCKS = 3;

/** The versions in the range, one array for each block; never an empty array. */
export async function* scanVersions(
  file: SegmentFile,
  range: KeyRange,
  options: ScanOptions,
  signal?: AbortSignal,
): AsyncGenerator<Version[]> {
  for await (const { entry, raw } of rawBlocks(file, range, options, signal)) {
    const versions = within(file.versionsOf(entry, await raw), range);
    if (versions.length > 0) yield versions;
  }
}

interface RawBlockAhead {
  readonly entry: BlockEntry;
  readonly raw: Promise<Buffer>;
}

interface Fetch {
  readonly group: readonly BlockEntry[];
  readonly sealed: Promise<Buffer>;
}

async function* rawBlocks(
  file: SegmentFile,
  range: KeyRange,
  { readAheadBytes = DEFAULT_READ_AHEAD_BYTES }: ScanOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<RawBlockAhead> {
  const groups = blockGroups(file, range, readAheadBytes, signal);
  const fetch = async (): Promise<Fetch | undefined> => {
    const next = await groups.next();
    return next.done ? undefined : startFetch(file, next.value, signal);
  };
  let ahead: Fetch | undefined = await fetch();
  while (ahead !== undefined) {
    const { group, sealed } = ahead;
    const bytes = await sealed;
    ahead = await fetch();
    yield* decompressed(file, group, bytes, signal);
  }
}

function startFetch(file: SegmentFile, group: readonly BlockEntry[], signal: AbortSignal | undefined): Fetch {
  const first = group[0] as BlockEntry;
  const last = group[group.length - 1] as BlockEntry;
  const length = last.offset + last.sealedLength - first.offset;
  const sealed = file.read({ offset: first.offset, length }, signal);
  // Awaited in its turn; a consumer that leaves earlier must not leave an unhandled rejection behind.
  sealed.catch(() => {});
  return { group, sealed };
}

async function* decompressed(
  file: SegmentFile,
  group: readonly BlockEntry[],
  bytes: Buffer,
  signal: AbortSignal | undefined,
): AsyncGenerator<RawBlockAhead> {
  const base = (group[0] as BlockEntry).offset;
  const window: RawBlockAhead[] = [];
  for (const entry of group) {
    signal?.throwIfAborted();
    const at = entry.offset - base;
    const opened = file.openBlock(entry, bytes.subarray(at, at + entry.sealedLength));
    const raw = entry.stored ? Promise.resolve(opened) : decompressOnPool(opened, entry.rawLength, file.path);
    raw.catch(() => {});
    window.push({ entry, raw });
    if (window.length > DECOMPRESS_AHEAD_BLOCKS) yield window.shift() as RawBlockAhead;
  }
  yield* window;
}

/** The blocks that may hold keys of the range, adjacent ones together up to `maxBytes`. */
async function* blockGroups(
  file: SegmentFile,
  range: KeyRange,
  maxBytes: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<BlockEntry[]> {
  let group: BlockEntry[] = [];
  let bytes = 0;
  for await (const entry of blockEntries(file, range, signal)) {
    if (group.length > 0 && bytes + entry.sealedLength > maxBytes) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(entry);
    bytes += entry.sealedLength;
  }
  if (group.length > 0) yield group;
}

/** The index entries of the blocks that may hold keys of the range, in order. */
export async function* blockEntries(
  file: SegmentFile,
  { from, before }: KeyRange,
  signal?: AbortSignal,
): AsyncGenerator<BlockEntry> {
  const startPage = from === undefined ? 0 : Math.max(0, lastNotAfter(file.indexPages, from));
  let expected: number | undefined;
  for (let page = startPage; page < file.indexPageCount; page++) {
    const entries = await file.indexPage(page, signal);
    const start = page === startPage && from !== undefined ? Math.max(0, lastNotAfter(entries, from)) : 0;
    for (const entry of entries.slice(start)) {
      if (before !== undefined && Buffer.compare(entry.firstKey, before) >= 0) return;
      if (expected !== undefined && entry.ordinal !== expected) {
        throw damaged(file.path, `its index goes from block ${expected - 1} to block ${entry.ordinal}`);
      }
      expected = entry.ordinal + 1;
      yield entry;
    }
  }
}

function within(versions: Version[], { from, before }: KeyRange): Version[] {
  const start = from === undefined ? 0 : firstNotBefore(versions, from);
  const end = before === undefined ? versions.length : firstNotBefore(versions, before);
  return start === 0 && end === versions.length ? versions : versions.slice(start, end);
}

function firstNotBefore(versions: readonly Version[], key: Buffer): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare((versions[middle] as Version).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
