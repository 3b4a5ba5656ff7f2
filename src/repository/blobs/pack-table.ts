/**
 * The tables of a pack: its chunks in order and its blobs sorted by id. Kept as the bytes they are, because a pack
 * may hold many thousand blobs.
 */
import { ByteReader, ByteWriter, hexBytes } from "../segment/bytes.ts";
import { damaged } from "../segment/damage.ts";
import { HEADER_BYTES } from "../segment/frame.ts";

const CHUNK_ENTRY_BYTES = 9;
const BLOB_ID_BYTES = 32;
const BLOB_ENTRY_BYTES = BLOB_ID_BYTES + 4 + 4 + 8;

/** Bits of a chunk's flags. */
const STORED = 1;
const ABANDONED = 2;

export interface ChunkEntry {
  readonly ordinal: number;
  readonly offset: number;
  readonly sealedLength: number;
  readonly rawLength: number;
  /** Not compressed. */
  readonly stored: boolean;
  /** Belongs to no blob: its stream broke off, or it turned out to be stored already. */
  readonly abandoned: boolean;
}

/** A blob is `chunks` consecutive chunks. */
export interface BlobEntry {
  readonly blob: string;
  readonly firstChunk: number;
  readonly chunks: number;
  /** Stored bytes. */
  readonly length: number;
}

export function encodePackTable(
  chunks: readonly Omit<ChunkEntry, "ordinal" | "offset">[],
  blobs: readonly BlobEntry[],
): Buffer {
  const writer = new ByteWriter().varint(chunks.length);
  for (const { sealedLength, rawLength, stored, abandoned } of chunks) {
    writer.u8((stored ? STORED : 0) | (abandoned ? ABANDONED : 0));
    writer.u32(sealedLength).u32(rawLength);
  }
  writer.varint(blobs.length);
  const sorted = blobs.toSorted((a, b) => (a.blob < b.blob ? -1 : 1));
  for (const { blob, firstChunk, chunks: count, length } of sorted) {
    writer.raw(hexBytes(blob, BLOB_ID_BYTES)).u32(firstChunk).u32(count);
    writer.u32(Math.floor(length / 2 ** 32)).u32(length % 2 ** 32);
  }
  return writer.finish();
}

export class PackTable {
  readonly #path: string;
  readonly #chunks: Buffer;
  readonly #blobs: Buffer;
  /** Where each chunk begins in the file, and where the last one ends. */
  readonly #offsets: Float64Array;

  constructor(plain: Buffer, path: string) {
    this.#path = path;
    const reader = new ByteReader(plain, path);
    this.#chunks = reader.raw(reader.varint() * CHUNK_ENTRY_BYTES);
    this.#blobs = reader.raw(reader.varint() * BLOB_ENTRY_BYTES);
    reader.done();
    this.#offsets = new Float64Array(this.chunkCount + 1);
    let offset = HEADER_BYTES;
    for (let i = 0; i < this.chunkCount; i++) {
      this.#offsets[i] = offset;
      offset += this.#chunks.readUInt32BE(i * CHUNK_ENTRY_BYTES + 1);
    }
    this.#offsets[this.chunkCount] = offset;
  }

  get chunkCount(): number {
    return this.#chunks.length / CHUNK_ENTRY_BYTES;
  }

  get blobCount(): number {
    return this.#blobs.length / BLOB_ENTRY_BYTES;
  }

  /** Where the chunks end in the file. */
  get end(): number {
    return this.#offsets[this.chunkCount] as number;
  }

  chunk(ordinal: number): ChunkEntry {
    if (ordinal >= this.chunkCount) throw damaged(this.#path, `its table has no chunk ${ordinal}`);
    const at = ordinal * CHUNK_ENTRY_BYTES;
    const flags = this.#chunks[at] as number;
    return {
      ordinal,
      offset: this.#offsets[ordinal] as number,
      sealedLength: this.#chunks.readUInt32BE(at + 1),
      rawLength: this.#chunks.readUInt32BE(at + 5),
      stored: (flags & STORED) !== 0,
      abandoned: (flags & ABANDONED) !== 0,
    };
  }

  blob(index: number): BlobEntry {
    const at = index * BLOB_ENTRY_BYTES;
    const fields = at + BLOB_ID_BYTES;
    return {
      blob: this.#blobs.toString("hex", at, fields),
      firstChunk: this.#blobs.readUInt32BE(fields),
      chunks: this.#blobs.readUInt32BE(fields + 4),
      length: Number(this.#blobs.readBigUInt64BE(fields + 8)),
    };
  }

  /** In order of id. */
  *blobs(): Generator<BlobEntry> {
    for (let index = 0; index < this.blobCount; index++) yield this.blob(index);
  }

  find(blob: string): BlobEntry | undefined {
    const id = hexBytes(blob, BLOB_ID_BYTES);
    let low = 0;
    let high = this.blobCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * BLOB_ENTRY_BYTES;
      const order = this.#blobs.compare(id, 0, BLOB_ID_BYTES, at, at + BLOB_ID_BYTES);
      if (order === 0) return this.blob(middle);
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }
}
