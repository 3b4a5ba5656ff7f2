/**
 * The index of a segment's blocks. Blocks lie one behind the other, so an entry needs its length, not its offset. A
 * small index is part of the footer; a large one is cut into sealed pages that the footer lists, so that a lookup
 * reads one of them.
 */
import { ByteReader, ByteWriter } from "./bytes.ts";

export interface BlockEntry {
  readonly ordinal: number;
  readonly firstKey: Buffer;
  readonly offset: number;
  readonly sealedLength: number;
  readonly rawLength: number;
  readonly records: number;
  /** Not compressed. */
  readonly stored: boolean;
}

/** A page of the index as the footer lists it. */
export interface IndexPageEntry {
  readonly firstKey: Buffer;
  readonly offset: number;
  readonly length: number;
}

/** Collects entries into pages of about `pageBytes`. */
export class IndexBuilder {
  readonly #pageBytes: number;
  readonly #pages: { firstKey: Buffer; plain: Buffer }[] = [];
  #open: BlockEntry[] = [];
  #openBytes = 0;

  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
  }

  add(entry: BlockEntry): void {
    this.#open.push(entry);
    // Lengths and counts of an entry as varints take about this much beside its key.
    this.#openBytes += entry.firstKey.length + 9;
    if (this.#openBytes >= this.#pageBytes) this.#close();
  }

  /** Plain pages in order, each with its first key; none for a segment without records. */
  finish(): readonly { readonly firstKey: Buffer; readonly plain: Buffer }[] {
    this.#close();
    return this.#pages;
  }

  #close(): void {
    const first = this.#open[0];
    if (first === undefined) return;
    this.#pages.push({ firstKey: first.firstKey, plain: encodeIndexPage(this.#open) });
    this.#open = [];
    this.#openBytes = 0;
  }
}

function encodeIndexPage(entries: readonly BlockEntry[]): Buffer {
  const [first] = entries as [BlockEntry];
  const writer = new ByteWriter().varint(first.ordinal).varint(first.offset).varint(entries.length);
  for (const entry of entries) {
    writer.bytes(entry.firstKey).varint(entry.sealedLength).varint(entry.rawLength).varint(entry.records);
    writer.u8(entry.stored ? 1 : 0);
  }
  return writer.finish();
}

export function decodeIndexPage(plain: Buffer, path: string): BlockEntry[] {
  const reader = new ByteReader(plain, path);
  let ordinal = reader.varint();
  let offset = reader.varint();
  const count = reader.varint();
  const entries: BlockEntry[] = [];
  for (let i = 0; i < count; i++) {
    const firstKey = reader.bytes();
    const sealedLength = reader.varint();
    const rawLength = reader.varint();
    const records = reader.varint();
    const stored = reader.u8() === 1;
    entries.push({ ordinal: ordinal++, firstKey, offset, sealedLength, rawLength, records, stored });
    offset += sealedLength;
  }
  reader.done();
  return entries;
}

/** Index of the last element whose first key is not greater than `key`; -1 when all are greater. */
export function lastNotAfter(entries: readonly { readonly firstKey: Buffer }[], key: Buffer): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare((entries[middle] as { firstKey: Buffer }).firstKey, key) <= 0) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
