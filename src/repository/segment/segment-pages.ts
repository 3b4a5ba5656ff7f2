/**
 * What an agent without the read right may know of a segment: the fingerprint of each key's state, and which blobs
 * are already stored. Both tables are sorted; a lookup of many sorted keys touches each page at most once.
 */
import type { TaskName } from "../../model/task.ts";
import type { StoredBlob } from "../blobs/pack.ts";
import { segmentPath } from "../paths.ts";
import { openBox } from "../sealing/box.ts";
import type { Keyring } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { ALIAS_ENTRY_BYTES, decodeAliasEntry } from "./alias-table.ts";
import { hexBytes } from "./bytes.ts";
import { damaged } from "./damage.ts";
import { decodeDirectory, type Directory, pageCount, pageLocation, type TablePlace } from "./directory.ts";
import { PIECE } from "./frame.ts";
import { KEY_ENTRY_BYTES, KEY_HASH_BYTES } from "./key-table.ts";
import { PageCache } from "./page-cache.ts";
import { ALIAS_BYTES } from "./record.ts";
import { segmentFrame } from "./segment-frame.ts";
import type { SegmentInfo } from "./segment.ts";

/** Adjacent pages that are fetched together. */
const MAX_FETCH_PAGES = 16;

type TableKind = typeof PIECE.fingerprintPage | typeof PIECE.aliasPage;

export interface SegmentPages {
  /**
   * For each key hash, ascending: the fingerprint of the state that the segment holds, or undefined. Were two keys
   * of the segment to share a hash, the answer is that of one of them, which fits no state of the other.
   */
  fingerprints(sortedHashes: readonly bigint[], signal?: AbortSignal): Promise<(Buffer | undefined)[]>;

  /** For each alias (32 hex digits), ascending: the stored blob, or undefined. */
  blobs(sortedAliases: readonly string[], signal?: AbortSignal): Promise<(StoredBlob | undefined)[]>;

  /** As `blobs` for one alias. */
  blob(alias: string, signal?: AbortSignal): Promise<StoredBlob | undefined>;

  /** Every stored blob that versions of the segment refer to, once for each alias, a batch at a time; keeps nothing in memory. */
  allBlobs(signal?: AbortSignal): AsyncIterable<readonly StoredBlob[]>;

  /**
   * The table of key hashes, page by page: entries of hash and fingerprint, 8 bytes each, ascending by hash. At most
   * `fetchPages` pages are in memory.
   */
  allFingerprints(signal?: AbortSignal, fetchPages?: number): AsyncIterable<Buffer>;

  /** Entries of the two tables. */
  readonly entries: { readonly fingerprints: number; readonly aliases: number };
}

/** Opens the tables with one read. Errors: `object-missing`, `object-damaged`, `storage-*`. */
export async function openPages(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: SegmentInfo,
  cache: PageCache = new PageCache(),
  signal?: AbortSignal,
): Promise<SegmentPages> {
  const path = segmentPath(task, info.id);
  const sealed = await storage.read(
    path,
    { offset: info.directory.offset, length: info.directory.length },
    signal,
  );
  const file = new PageFile(keyring, task, info);
  return new OpenPages(storage, file, file.openDirectory(sealed), cache);
}

/** The keys and additional data of a segment's pages. */
export class PageFile {
  readonly path: string;
  readonly #key: Buffer;
  readonly #frame: ReturnType<typeof segmentFrame>;

  constructor(keyring: Keyring, task: TaskName, info: SegmentInfo) {
    this.path = segmentPath(task, info.id);
    this.#key = keyring.derive("pages", task, info.id);
    this.#frame = segmentFrame(task, info);
  }

  openDirectory(sealed: Buffer): Directory {
    const additional = this.#frame.data(PIECE.directory, 0, this.#frame.ends);
    const plain = openBox(this.#key, PIECE.directory, 0, additional, sealed, this.path);
    const widths = [
      [KEY_HASH_BYTES, KEY_ENTRY_BYTES],
      [ALIAS_BYTES, ALIAS_ENTRY_BYTES],
    ] as const;
    return decodeDirectory(plain, widths, this.path);
  }

  openPage(kind: TableKind, ordinal: number, sealed: Buffer): Buffer {
    return openBox(this.#key, kind, ordinal, this.#frame.data(kind, ordinal), sealed, this.path);
  }
}

class OpenPages implements SegmentPages {
  readonly #storage: Storage;
  readonly #file: PageFile;
  readonly #directory: Directory;
  readonly #cache: PageCache;

  constructor(storage: Storage, file: PageFile, directory: Directory, cache: PageCache) {
    this.#storage = storage;
    this.#file = file;
    this.#directory = directory;
    this.#cache = cache;
  }

  get entries(): { readonly fingerprints: number; readonly aliases: number } {
    return { fingerprints: this.#directory.fingerprints.entries, aliases: this.#directory.aliases.entries };
  }

  async fingerprints(sortedHashes: readonly bigint[], signal?: AbortSignal): Promise<(Buffer | undefined)[]> {
    const keys = Buffer.alloc(sortedHashes.length * KEY_HASH_BYTES);
    for (const [index, hash] of sortedHashes.entries()) keys.writeBigUInt64BE(hash, index * KEY_HASH_BYTES);
    const found = await this.#find(PIECE.fingerprintPage, this.#directory.fingerprints, keys, signal);
    // Copies, so that a caller does not keep whole pages alive.
    return found.map((entry) => entry && Buffer.from(entry.subarray(KEY_HASH_BYTES)));
  }

  async blobs(sortedAliases: readonly string[], signal?: AbortSignal): Promise<(StoredBlob | undefined)[]> {
    const keys = Buffer.concat(sortedAliases.map((alias) => hexBytes(alias, ALIAS_BYTES)));
    const found = await this.#find(PIECE.aliasPage, this.#directory.aliases, keys, signal);
    return found.map((entry) => entry && decodeAliasEntry(entry, this.#file.path));
  }

  async blob(alias: string, signal?: AbortSignal): Promise<StoredBlob | undefined> {
    const [found] = await this.blobs([alias], signal);
    return found;
  }

  async *allBlobs(signal?: AbortSignal): AsyncGenerator<readonly StoredBlob[]> {
    const { entryBytes } = this.#directory.aliases;
    for await (const page of this.#scan(PIECE.aliasPage, this.#directory.aliases, signal)) {
      const entries = Array.from({ length: page.length / entryBytes }, (_, index) =>
        page.subarray(index * entryBytes, (index + 1) * entryBytes),
      );
      yield entries.map((entry) => decodeAliasEntry(entry, this.#file.path));
    }
  }

  allFingerprints(signal?: AbortSignal, fetchPages = MAX_FETCH_PAGES): AsyncGenerator<Buffer> {
    return this.#scan(PIECE.fingerprintPage, this.#directory.fingerprints, signal, fetchPages);
  }

  /** A table's pages in order, fetched several at a time. */
  async *#scan(
    kind: TableKind,
    table: TablePlace,
    signal: AbortSignal | undefined,
    fetchPages = MAX_FETCH_PAGES,
  ): AsyncGenerator<Buffer> {
    const pages = pageCount(table);
    for (let first = 0; first < pages; first += fetchPages) {
      const last = Math.min(first + fetchPages, pages) - 1;
      const { offset } = pageLocation(table, first);
      const end = pageLocation(table, last);
      const range = { offset, length: end.offset + end.length - offset };
      const bytes = await this.#storage.read(this.#file.path, range, signal);
      for (let ordinal = first; ordinal <= last; ordinal++) {
        const place = pageLocation(table, ordinal);
        const at = place.offset - offset;
        yield this.#file.openPage(kind, ordinal, bytes.subarray(at, at + place.length));
      }
    }
  }

  /** The entries of these keys, which lie one behind the other in ascending order. */
  async #find(
    kind: TableKind,
    table: TablePlace,
    keys: Buffer,
    signal: AbortSignal | undefined,
  ): Promise<(Buffer | undefined)[]> {
    const { keyBytes, entryBytes } = table;
    const count = keys.length / keyBytes;
    const found: (Buffer | undefined)[] = Array.from({ length: count });
    for (let start = 0; start < count;) {
      // The pages of the next keys, while they are adjacent.
      const firstPage = this.#pageOf(table, keys, start);
      let lastPage = firstPage;
      let end = start;
      for (; end < count; end++) {
        const page = this.#pageOf(table, keys, end);
        if (page < lastPage) throw new RangeError("Keys to be looked up must ascend.");
        if (page > lastPage + 1 || page - firstPage >= MAX_FETCH_PAGES) break;
        lastPage = page;
      }
      if (lastPage >= 0) {
        const from = Math.max(0, firstPage);
        const pages = await this.#pages(kind, table, from, lastPage, signal);
        for (let index = start; index < end; index++) {
          const page = pages[this.#pageOf(table, keys, index) - from];
          const at =
            page === undefined ? -1 : searchTable(page, entryBytes, keys, index * keyBytes, keyBytes);
          if (page !== undefined && at >= 0) found[index] = page.subarray(at, at + entryBytes);
        }
      }
      start = end;
    }
    return found;
  }

  /** The last page whose first key is not greater; -1 when the key lies before all of them. */
  #pageOf(table: TablePlace, keys: Buffer, index: number): number {
    const { firstKeys, keyBytes } = table;
    return upperBound(firstKeys, keyBytes, keys, index * keyBytes, keyBytes) - 1;
  }

  async #pages(
    kind: TableKind,
    table: TablePlace,
    first: number,
    last: number,
    signal: AbortSignal | undefined,
  ): Promise<Buffer[]> {
    const { path } = this.#file;
    const nameOf = (ordinal: number): string => `${path} ${kind} ${ordinal}`;
    const pages: (Buffer | undefined)[] = [];
    for (let ordinal = first; ordinal <= last; ordinal++) pages.push(this.#cache.get(nameOf(ordinal)));
    if (pages.some((page) => page === undefined)) {
      if (last >= pageCount(table)) throw damaged(path, "its page directory contradicts itself");
      const { offset } = pageLocation(table, first);
      const end = pageLocation(table, last);
      const bytes = await this.#storage.read(
        path,
        { offset, length: end.offset + end.length - offset },
        signal,
      );
      for (const [index, known] of pages.entries()) {
        if (known !== undefined) continue;
        const place = pageLocation(table, first + index);
        const at = place.offset - offset;
        const page = this.#file.openPage(kind, first + index, bytes.subarray(at, at + place.length));
        this.#cache.put(nameOf(first + index), page);
        pages[index] = page;
      }
    }
    return pages as Buffer[];
  }
}

/** Offset of an entry with this key; -1 when there is none. */
function searchTable(
  table: Buffer,
  entryBytes: number,
  keys: Buffer,
  keyAt: number,
  keyBytes: number,
): number {
  const behind = upperBound(table, entryBytes, keys, keyAt, keyBytes);
  const at = (behind - 1) * entryBytes;
  return behind > 0 && compareAt(table, at, keys, keyAt, keyBytes) === 0 ? at : -1;
}

/** Number of entries whose key is not greater. */
function upperBound(
  table: Buffer,
  entryBytes: number,
  keys: Buffer,
  keyAt: number,
  keyBytes: number,
): number {
  let low = 0;
  let high = table.length / entryBytes;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareAt(table, middle * entryBytes, keys, keyAt, keyBytes) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Byte order of two keys; a loop, because nearly all differ in the first bytes. */
function compareAt(left: Buffer, leftAt: number, right: Buffer, rightAt: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = (left[leftAt + i] as number) - (right[rightAt + i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
