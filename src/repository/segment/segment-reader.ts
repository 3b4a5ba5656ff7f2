/**
 * Reading versions from a segment: needs the read right. One lookup costs one index page, when the index is paged,
 * and one block; the footer is read once when the segment is opened.
 */
import type { TaskName } from "../../model/task.ts";
import type { Observation, Version } from "../../model/version.ts";
import type { Keyring } from "../sealing/keyring.ts";
import type { Storage } from "../storage/storage.ts";
import { type KeyFilter, openFuse } from "./binary-fuse.ts";
import { type BlockEntry, lastNotAfter } from "./block-index.ts";
import { ByteReader } from "./bytes.ts";
import { type Fingerprints, taskFingerprints } from "./fingerprint.ts";
import type { Bounds } from "./footer.ts";
import { PIECE } from "./frame.ts";
import { readRecord, skipRecord } from "./record.ts";
import { openSegmentFile, type SegmentFile } from "./segment-file.ts";
import { type KeyRange, type ScanOptions, scanVersions } from "./segment-scan.ts";
import type { SegmentCounts, SegmentInfo } from "./segment.ts";

/** Blocks that `getMany` reads at a time: hides the round trips of an object store, and a few MiB at most. */
const LOOKUPS_IN_FLIGHT = 4;

/**
 * An opened segment. Every method that reads throws `object-missing` or `object-damaged` naming the file when it is
 * not what was written; there is nothing to close.
 */
export interface SegmentReader {
  readonly info: SegmentInfo;
  readonly path: string;
  readonly bounds: Bounds;
  readonly observations: readonly Observation[];
  readonly counts: SegmentCounts;

  /**
   * False only when the segment has no version of this key. Reads the filter once; without one it is true inside
   * the bounds.
   */
  mayContain(key: Buffer, signal?: AbortSignal): Promise<boolean>;

  /** The key's version. It owns its bytes. */
  get(key: Buffer, signal?: AbortSignal): Promise<Version | undefined>;

  /** As `get` for many keys in ascending order: each block is read once. */
  getMany(keys: readonly Buffer[], signal?: AbortSignal): Promise<(Version | undefined)[]>;

  /**
   * All versions in order of key, one array for each block. Their buffers are views of the block: copy what is kept
   * for long.
   */
  scan(range?: KeyRange, options?: ScanOptions, signal?: AbortSignal): AsyncIterable<Version[]>;
}

export { segmentBounds } from "./bounds.ts";

/** Opens a segment with one read. Errors: `no-read-right`, `object-missing`, `object-damaged`, `storage-*`. */
export async function openSegment(
  storage: Storage,
  keyring: Keyring,
  task: TaskName,
  info: SegmentInfo,
  signal?: AbortSignal,
): Promise<SegmentReader> {
  const key = keyring.openFileKey(task, info.id, info.wrapped);
  return new OpenSegment(
    await openSegmentFile(storage, task, info, key, signal),
    taskFingerprints(keyring, task),
  );
}

class OpenSegment implements SegmentReader {
  readonly #file: SegmentFile;
  readonly #fingerprints: Fingerprints;
  #filter: Promise<KeyFilter> | undefined;

  constructor(file: SegmentFile, fingerprints: Fingerprints) {
    this.#file = file;
    this.#fingerprints = fingerprints;
  }

  get info(): SegmentInfo {
    return this.#file.info;
  }

  get path(): string {
    return this.#file.path;
  }

  get bounds(): Bounds {
    return this.#file.footer.bounds;
  }

  get observations(): readonly Observation[] {
    return this.#file.footer.observations;
  }

  get counts(): SegmentCounts {
    return this.#file.footer.counts;
  }

  async mayContain(key: Buffer, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    if (!this.#inBounds(key)) return false;
    const place = this.#file.footer.filter;
    if (place === undefined) return true;
    this.#filter ??= openFilter(this.#file);
    // Read without the signal: other callers wait for the same read.
    let filter: KeyFilter;
    try {
      filter = await this.#filter;
    } catch (error) {
      // A storage failure is not the filter's last word: the next call reads again.
      this.#filter = undefined;
      throw error;
    }
    const { high, low } = this.#fingerprints.keyHashHalves(key);
    return filter.mayContain(high, low);
  }

  async get(key: Buffer, signal?: AbortSignal): Promise<Version | undefined> {
    return (await this.getMany([key], signal))[0];
  }

  async getMany(keys: readonly Buffer[], signal?: AbortSignal): Promise<(Version | undefined)[]> {
    const found: (Version | undefined)[] = Array.from({ length: keys.length });
    const wanted: { readonly entry: BlockEntry; readonly keys: number[] }[] = [];
    for (const [index, key] of keys.entries()) {
      const entry = await this.#entryFor(key, signal);
      if (entry === undefined) continue;
      const last = wanted[wanted.length - 1];
      if (last !== undefined && last.entry.ordinal === entry.ordinal) last.keys.push(index);
      else wanted.push({ entry, keys: [index] });
    }
    const work = wanted.values();
    const worker = async (): Promise<void> => {
      for (const { entry, keys: indexes } of work) {
        const raw = await this.#file.readBlock(entry, signal);
        const versions = this.#find(
          indexes.map((index) => keys[index] as Buffer),
          raw,
        );
        for (const [position, index] of indexes.entries()) found[index] = versions[position];
      }
    };
    await Promise.all(Array.from({ length: LOOKUPS_IN_FLIGHT }, worker));
    return found;
  }

  scan(range: KeyRange = {}, options: ScanOptions = {}, signal?: AbortSignal): AsyncIterable<Version[]> {
    return scanVersions(this.#file, range, options, signal);
  }

  #inBounds(key: Buffer): boolean {
    const { bounds } = this;
    return Buffer.compare(key, bounds.first) >= 0 && Buffer.compare(key, bounds.last) <= 0;
  }

  /** The only block that may hold the key. */
  async #entryFor(key: Buffer, signal: AbortSignal | undefined): Promise<BlockEntry | undefined> {
    if (!this.#inBounds(key)) return undefined;
    const page = Math.max(0, lastNotAfter(this.#file.indexPages, key));
    const entries = await this.#file.indexPage(page, signal);
    return entries[lastNotAfter(entries, key)];
  }

  /** The versions of some keys of a block, both ascending: one pass. */
  #find(keys: readonly Buffer[], raw: Buffer): (Version | undefined)[] {
    const { path, footer } = this.#file;
    const reader = new ByteReader(raw, path);
    const found: (Version | undefined)[] = Array.from({ length: keys.length });
    let wanted = 0;
    while (wanted < keys.length && reader.at < reader.end) {
      const start = reader.at;
      const { keyStart, keyEnd, end } = skipRecord(reader);
      // Keys that sort before this record are not in the block.
      for (; wanted < keys.length; wanted++) {
        const key = keys[wanted] as Buffer;
        const order = raw.compare(key, 0, key.length, keyStart, keyEnd);
        if (order < 0) break;
        if (order > 0) continue;
        const own = Buffer.from(raw.subarray(start, end));
        found[wanted] = readRecord(new ByteReader(own, path), footer.observations, path);
      }
    }
    return found;
  }
}

async function openFilter(file: SegmentFile): Promise<KeyFilter> {
  const place = file.footer.filter as NonNullable<typeof file.footer.filter>;
  return openFuse(file.openPiece(PIECE.filter, 0, await file.read(place)), file.path);
}
