/**
 * An opened segment's bytes: pieces are read by range, opened and decoded here, for lookups, scans and checks
 * alike. Whatever does not open or contradicts itself is `object-damaged` and names the file; nothing is ever
 * guessed.
 */
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { segmentPath } from "../paths.ts";
import { openBox } from "../sealing/box.ts";
import type { Storage } from "../storage/storage.ts";
import { type BlockEntry, decodeIndexPage, type IndexPageEntry } from "./block-index.ts";
import { ByteReader } from "./bytes.ts";
import { decompress } from "./compression.ts";
import { damaged } from "./damage.ts";
import { unwrapEnvelope } from "./envelope.ts";
import { decodeFooter, type Footer } from "./footer.ts";
import { type Location, PIECE, type PieceKind } from "./frame.ts";
import { readRecord } from "./record.ts";
import { type SegmentFrame, segmentFrame } from "./segment-frame.ts";
import type { SegmentInfo } from "./segment.ts";

/** Decoded index pages kept by an opened segment; each stands for about 1500 blocks. */
const MAX_CACHED_INDEX_PAGES = 4;

/** Reads and opens the footer: one round trip. */
export async function openSegmentFile(
  storage: Storage,
  task: TaskName,
  info: SegmentInfo,
  key: Buffer,
  signal?: AbortSignal,
): Promise<SegmentFile> {
  const path = segmentPath(task, info.id);
  const sealed = await storage.read(path, info.footer, signal);
  return SegmentFile.open(storage, task, info, key, sealed);
}

export class SegmentFile {
  readonly path: string;
  readonly info: SegmentInfo;
  readonly footer: Footer;
  readonly frame: SegmentFrame;
  readonly #storage: Storage;
  readonly #key: Buffer;
  readonly #indexPages = new Map<number, readonly BlockEntry[]>();

  private constructor(
    storage: Storage,
    path: string,
    info: SegmentInfo,
    key: Buffer,
    frame: SegmentFrame,
    footer: Footer,
  ) {
    this.#storage = storage;
    this.path = path;
    this.info = info;
    this.#key = key;
    this.frame = frame;
    this.footer = footer;
  }

  static async open(
    storage: Storage,
    task: TaskName,
    info: SegmentInfo,
    key: Buffer,
    sealedFooter: Buffer,
  ): Promise<SegmentFile> {
    const path = segmentPath(task, info.id);
    const frame = segmentFrame(task, info);
    const additional = frame.data(PIECE.footer, 0, frame.ends);
    const envelope = openBox(key, PIECE.footer, 0, additional, sealedFooter, path);
    const footer = decodeFooter(await unwrapEnvelope(envelope, path), path);
    return new SegmentFile(storage, path, info, key, frame, footer);
  }

  /** Pages of the index; an inline index counts as one. */
  get indexPageCount(): number {
    return "inline" in this.footer.index ? 1 : this.footer.index.pages.length;
  }

  /** The index pages as the footer lists them; none for an inline index. */
  get indexPages(): readonly IndexPageEntry[] {
    return "inline" in this.footer.index ? [] : this.footer.index.pages;
  }

  async indexPage(ordinal: number, signal?: AbortSignal): Promise<readonly BlockEntry[]> {
    const cached = this.#indexPages.get(ordinal);
    if (cached !== undefined) return cached;
    let entries: readonly BlockEntry[];
    if ("inline" in this.footer.index) entries = decodeIndexPage(this.footer.index.inline, this.path);
    else {
      const page = this.footer.index.pages[ordinal];
      if (page === undefined) throw damaged(this.path, `its footer does not list index page ${ordinal}`);
      entries = await this.openIndexPage(ordinal, await this.read(page, signal));
    }
    const [oldest] = this.#indexPages.keys();
    if (oldest !== undefined && this.#indexPages.size >= MAX_CACHED_INDEX_PAGES)
      this.#indexPages.delete(oldest);
    this.#indexPages.set(ordinal, entries);
    return entries;
  }

  async openIndexPage(ordinal: number, sealed: Buffer): Promise<BlockEntry[]> {
    return decodeIndexPage(
      await unwrapEnvelope(this.openPiece(PIECE.indexPage, ordinal, sealed), this.path),
      this.path,
    );
  }

  /** The index entry of the nth block. */
  async entryAt(ordinal: number, signal?: AbortSignal): Promise<BlockEntry | undefined> {
    for (let page = 0; page < this.indexPageCount; page++) {
      const entries = await this.indexPage(page, signal);
      const first = entries[0];
      if (first !== undefined && ordinal < first.ordinal + entries.length)
        return entries[ordinal - first.ordinal];
    }
    return undefined;
  }

  read(place: Location, signal?: AbortSignal): Promise<Buffer> {
    return this.#storage.read(this.path, { offset: place.offset, length: place.length }, signal);
  }

  /** The raw bytes of one block, read alone. */
  async readBlock(entry: BlockEntry, signal?: AbortSignal): Promise<Buffer> {
    const sealed = await this.read({ offset: entry.offset, length: entry.sealedLength }, signal);
    const bytes = this.openBlock(entry, sealed);
    return entry.stored ? bytes : decompress(bytes, entry.rawLength, this.path);
  }

  /** Opens a block; what comes out is still compressed unless the entry says `stored`. */
  openBlock(entry: BlockEntry, sealed: Buffer): Buffer {
    const bytes = this.openPiece(PIECE.block, entry.ordinal, sealed);
    if (entry.stored && bytes.length !== entry.rawLength) {
      throw damaged(
        this.path,
        `block ${entry.ordinal} has ${bytes.length} bytes instead of ${entry.rawLength}`,
      );
    }
    return bytes;
  }

  /** All versions of a block, as views of it. */
  versionsOf(entry: BlockEntry, raw: Buffer): Version[] {
    const reader = new ByteReader(raw, this.path);
    const versions: Version[] = [];
    for (let left = entry.records; left > 0; left--) {
      versions.push(readRecord(reader, this.footer.observations, this.path));
    }
    reader.done();
    return versions;
  }

  openPiece(kind: PieceKind, ordinal: number, sealed: Buffer): Buffer {
    return openBox(this.#key, kind, ordinal, this.frame.data(kind, ordinal), sealed, this.path);
  }
}
