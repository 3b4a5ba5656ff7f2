/**
 * The directory of a segment's pages: for each table where its pages lie and the first key of each. Sealed for the
 * write right.
 */
import { ByteReader, ByteWriter } from "./bytes.ts";
import { damaged } from "./damage.ts";
import { SEAL_BYTES } from "./frame.ts";

/**
 * A table of entries of one width, sorted by their first `keyBytes`, cut into pages that lie one behind the other.
 */
export interface TablePlace {
  readonly keyBytes: number;
  readonly entryBytes: number;
  readonly perPage: number;
  readonly entries: number;
  /** Of the first page in the file. */
  readonly offset: number;
  /** First key of every page, one behind the other. */
  readonly firstKeys: Buffer;
}

export interface Directory {
  readonly fingerprints: TablePlace;
  readonly aliases: TablePlace;
}

export function encodeDirectory(directory: Directory): Buffer {
  const writer = new ByteWriter();
  for (const table of [directory.fingerprints, directory.aliases]) {
    writer.varint(table.keyBytes).varint(table.entryBytes).varint(table.perPage);
    writer.varint(table.entries).varint(table.offset).bytes(table.firstKeys);
  }
  return writer.finish();
}

/** `widths`: key and entry bytes that this format version has for the two tables. */
export function decodeDirectory(
  plain: Buffer,
  widths: readonly (readonly [keyBytes: number, entryBytes: number])[],
  path: string,
): Directory {
  const reader = new ByteReader(plain, path);
  const tables = widths.map(([keyBytes, entryBytes]): TablePlace => {
    const same = reader.varint() === keyBytes && reader.varint() === entryBytes;
    const perPage = reader.varint();
    const entries = reader.varint();
    const offset = reader.varint();
    const firstKeys = reader.bytes();
    if (!same || perPage === 0 || firstKeys.length !== Math.ceil(entries / perPage) * keyBytes) {
      throw damaged(path, "its page directory contradicts itself");
    }
    return { keyBytes, entryBytes, perPage, entries, offset, firstKeys };
  });
  reader.done();
  const [fingerprints, aliases] = tables as [TablePlace, TablePlace];
  return { fingerprints, aliases };
}

export function pageCount(table: TablePlace): number {
  return Math.ceil(table.entries / table.perPage);
}

/** Where page `index` lies, sealed. */
export function pageLocation(table: TablePlace, index: number): { offset: number; length: number } {
  const offset = table.offset + index * (table.perPage * table.entryBytes + SEAL_BYTES);
  const entries = Math.min(table.perPage, table.entries - index * table.perPage);
  return { offset, length: entries * table.entryBytes + SEAL_BYTES };
}
