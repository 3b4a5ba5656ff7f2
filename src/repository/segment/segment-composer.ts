/**
 * The bytes of one segment in the making: encodes versions, compresses blocks on the thread pool, seals every part and
 * puts them in the order of the file. Memory does not grow with bodies; 16 bytes a record are kept for the tables.
 */
import { createHash, type Hash } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { sealBox } from "../sealing/box.ts";
import type { FileKey, Keyring } from "../sealing/keyring.ts";
import { ALIAS_ENTRY_BYTES, AliasTable } from "./alias-table.ts";
import { buildFuse } from "./binary-fuse.ts";
import { BlockEncoder } from "./block-encoder.ts";
import { type BlockEntry, IndexBuilder, type IndexPageEntry } from "./block-index.ts";
import { sealBounds } from "./bounds.ts";
import { BlockPipeline, type CompressedBlock } from "./block-pipeline.ts";
import { encodeDirectory, type TablePlace } from "./directory.ts";
import { wrapEnvelope } from "./envelope.ts";
import { type Fingerprints, taskFingerprints } from "./fingerprint.ts";
import { encodeFooter, type Footer } from "./footer.ts";
import {
  HEADER_BYTES,
  type Location,
  PIECE,
  pieceData,
  type PieceKind,
  SEAL_BYTES,
  SEGMENT_MAGIC,
} from "./frame.ts";
import { KEY_ENTRY_BYTES, KEY_HASH_BYTES, KeyTable } from "./key-table.ts";
import { MAX_IN_FLIGHT_BYTES, type SegmentLayout } from "./layout.ts";
import { ObservationTable } from "./observation-table.ts";
import { ALIAS_BYTES } from "./record.ts";
import { segmentFrame } from "./segment-frame.ts";
import type { SegmentInfo } from "./segment.ts";

/** Versions in batches of any size. */
export type VersionBatches = AsyncIterable<readonly Version[]> | Iterable<readonly Version[]>;

/** One segment in the making. Used once. */
export class SegmentComposer {
  readonly #task: TaskName;
  readonly #id: string;
  readonly #fileKey: FileKey;
  readonly #pagesKey: Buffer;
  readonly #layout: SegmentLayout;
  readonly #fingerprints: Fingerprints;
  readonly #data;
  readonly #hash: Hash = createHash("sha256");
  readonly #observations = new ObservationTable();
  readonly #keys = new KeyTable();
  readonly #aliases = new AliasTable();
  readonly #counts = { live: 0, deleted: 0, purged: 0, bodyBytes: 0, blobRefs: 0 };
  #offset = HEADER_BYTES;
  #bounds: Buffer = Buffer.alloc(0);
  #footer: Location = { offset: 0, length: 0 };
  #directory: Location = { offset: 0, length: 0 };

  constructor(keyring: Keyring, task: TaskName, id: string, fileKey: FileKey, layout: SegmentLayout) {
    this.#task = task;
    this.#id = id;
    this.#fileKey = fileKey;
    this.#pagesKey = keyring.derive("pages", task, id);
    this.#layout = layout;
    this.#fingerprints = taskFingerprints(keyring, task);
    this.#data = pieceData(SEGMENT_MAGIC, task, id);
  }

  /** The file's bytes. */
  async *compose(records: VersionBatches, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    // The places in the trailer are not known yet; the header does not depend on them.
    yield this.#digest(this.#frame().header);
    const index = new IndexBuilder(this.#layout.indexPageBytes);
    const encoder = new BlockEncoder(this.#layout.blockBytes);
    const blocks = yield* this.#blocks(records, encoder, index, signal);
    const { bounds } = encoder;
    if (bounds === undefined) {
      throw new HoldfastError("internal", `A segment of ${this.#task} was to be written without a version.`, {
        task: this.#task,
      });
    }
    const places = yield* this.#index(index);
    const filter = yield* this.#filter();
    const fingerprints = yield* this.#table(
      PIECE.fingerprintPage,
      KEY_HASH_BYTES,
      KEY_ENTRY_BYTES,
      this.#keys,
    );
    const aliases = yield* this.#table(PIECE.aliasPage, ALIAS_BYTES, ALIAS_ENTRY_BYTES, this.#aliases);
    const footer: Footer = {
      bounds,
      counts: this.#counts,
      blocks,
      blockBytes: this.#layout.blockBytes,
      level: this.#layout.level,
      observations: this.#observations.list,
      filter,
      index: places,
    };
    this.#bounds = sealBounds(this.#fileKey.key, this.#task, this.#id, bounds);
    yield* this.#ends(
      encodeDirectory({ fingerprints, aliases }),
      await wrapEnvelope(encodeFooter(footer), this.#layout.level),
    );
  }

  /** What the manifest lists; complete once `compose` has ended. */
  info(): SegmentInfo {
    return {
      id: this.#id,
      bytes: this.#offset,
      sha256: this.#hash.digest("hex"),
      wrapped: this.#fileKey.wrapped,
      bounds: this.#bounds,
      footer: this.#footer,
      directory: this.#directory,
      counts: { ...this.#counts },
    };
  }

  async *#blocks(
    records: VersionBatches,
    encoder: BlockEncoder,
    index: IndexBuilder,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer, number> {
    const pipeline = new BlockPipeline(this.#layout.level, this.#layout.blockBytes, MAX_IN_FLIGHT_BYTES);
    let ordinal = 0;
    const next = async (): Promise<Buffer> =>
      this.#sealBlock(await pipeline.shift(), ordinal++, encoder, index);
    try {
      for await (const batch of records) {
        signal?.throwIfAborted();
        for (const version of batch) {
          for (const block of this.#encode(version, encoder)) pipeline.push(block);
          while (pipeline.full) yield await next();
        }
      }
      for (const block of encoder.close()) pipeline.push(block);
      while (!pipeline.empty) yield await next();
    } finally {
      await pipeline.drain();
    }
    return ordinal;
  }

  #encode(version: Version, encoder: BlockEncoder): ReturnType<BlockEncoder["add"]> {
    const done = encoder.add(version, this.#observations.ordinalOf(version.observation));
    const { high, low } = this.#fingerprints.keyHashHalves(version.key);
    this.#keys.add(high, low, version.fingerprint);
    this.#counts[version.kind]++;
    for (const part of version.parts) this.#counts.bodyBytes += part.length;
    for (const ref of version.blobs) {
      this.#aliases.add(ref);
      this.#counts.blobRefs++;
    }
    return done;
  }

  #sealBlock(
    { block, bytes, stored }: CompressedBlock,
    ordinal: number,
    encoder: BlockEncoder,
    index: IndexBuilder,
  ): Buffer {
    const sealed = this.#seal(PIECE.block, ordinal, bytes);
    const entry: BlockEntry = {
      ordinal,
      firstKey: block.firstKey,
      offset: this.#offset,
      sealedLength: sealed.length,
      rawLength: block.raw.length,
      records: block.records,
      stored,
    };
    index.add(entry);
    encoder.recycle(block);
    return this.#place(sealed);
  }

  async *#index(index: IndexBuilder): AsyncGenerator<Buffer, Footer["index"]> {
    const plain = index.finish();
    const [only] = plain;
    if (only !== undefined && plain.length === 1) return { inline: only.plain };
    const pages: IndexPageEntry[] = [];
    for (const [ordinal, page] of plain.entries()) {
      const sealed = this.#seal(PIECE.indexPage, ordinal, await wrapEnvelope(page.plain, this.#layout.level));
      pages.push({ firstKey: page.firstKey, offset: this.#offset, length: sealed.length });
      yield this.#place(sealed);
    }
    return { pages };
  }

  *#filter(): Generator<Buffer, Location | undefined> {
    if (!this.#layout.filter) return undefined;
    const { high, low, count } = this.#keys.distinctHashes();
    // A filter that cannot be built is left out: lookups get slower, the backup does not fail.
    const filter = buildFuse(high, low, count);
    if (filter === undefined) return undefined;
    const sealed = this.#seal(PIECE.filter, 0, filter);
    const place = { offset: this.#offset, length: sealed.length };
    yield this.#place(sealed);
    return place;
  }

  *#table(
    kind: typeof PIECE.fingerprintPage | typeof PIECE.aliasPage,
    keyBytes: number,
    entryBytes: number,
    table: KeyTable | AliasTable,
  ): Generator<Buffer, TablePlace> {
    const perPage = Math.max(1, Math.floor(this.#layout.tablePageBytes / entryBytes));
    const offset = this.#offset;
    const firstKeys: Buffer[] = [];
    let ordinal = 0;
    for (const page of table.pages(perPage)) {
      firstKeys.push(Buffer.from(page.subarray(0, keyBytes)));
      yield this.#place(sealBox(this.#pagesKey, kind, ordinal, this.#data(kind, ordinal), page));
      ordinal++;
    }
    return {
      keyBytes,
      entryBytes,
      perPage,
      entries: table.count,
      offset,
      firstKeys: Buffer.concat(firstKeys),
    };
  }

  /**
   * Directory, footer and trailer: the trailer names the other two, and both are sealed with it as additional data.
   */
  *#ends(directory: Buffer, footer: Buffer): Generator<Buffer> {
    this.#directory = { offset: this.#offset, length: directory.length + SEAL_BYTES };
    this.#footer = { offset: this.#offset + this.#directory.length, length: footer.length + SEAL_BYTES };
    const { ends, trailer } = this.#frame();
    const additional = this.#data(PIECE.directory, 0, ends);
    yield this.#place(sealBox(this.#pagesKey, PIECE.directory, 0, additional, directory));
    yield this.#place(this.#seal(PIECE.footer, 0, footer, ends));
    yield this.#place(trailer);
  }

  #frame(): ReturnType<typeof segmentFrame> {
    const { wrapped } = this.#fileKey;
    return segmentFrame(this.#task, {
      id: this.#id,
      wrapped,
      footer: this.#footer,
      directory: this.#directory,
    });
  }

  #seal(kind: PieceKind, ordinal: number, plain: Buffer, extra?: Buffer): Buffer {
    return sealBox(this.#fileKey.key, kind, ordinal, this.#data(kind, ordinal, extra), plain);
  }

  #place(bytes: Buffer): Buffer {
    this.#offset += bytes.length;
    return this.#digest(bytes);
  }

  #digest(bytes: Buffer): Buffer {
    this.#hash.update(bytes);
    return bytes;
  }
}
