/**
 * The table of a segment that tells, for a blob's alias, the stored blob: by it an unchanged blob is recognised
 * without fetching it again, even by an agent that may not read.
 */
import type { BlobRef } from "../../model/version.ts";
import type { StoredBlob } from "../blobs/pack.ts";
import { ByteReader, hexBytes } from "./bytes.ts";
import {
  ALIAS_BYTES,
  BLOB_ID_BYTES,
  encodingNumber,
  encodingOf,
  PACK_ID_BYTES,
  SHA256_BYTES,
} from "./record.ts";

const LENGTH_BYTES = 8;
export const ALIAS_ENTRY_BYTES =
  ALIAS_BYTES + BLOB_ID_BYTES + PACK_ID_BYTES + LENGTH_BYTES + 1 + SHA256_BYTES;

export class AliasTable {
  readonly #entries = new Map<string, Buffer>();

  /** An alias pins its content, so the first reference stands for all of the same alias. */
  add(ref: BlobRef): void {
    if (!this.#entries.has(ref.alias)) this.#entries.set(ref.alias, encodeAliasEntry(ref));
  }

  get count(): number {
    return this.#entries.size;
  }

  /** The entries in order of alias, `perPage` in each buffer but the last. */
  *pages(perPage: number): Generator<Buffer> {
    const aliases = [...this.#entries.keys()].sort();
    for (let start = 0; start < aliases.length; start += perPage) {
      const page = aliases.slice(start, start + perPage);
      yield Buffer.concat(page.map((alias) => this.#entries.get(alias) as Buffer));
    }
  }
}

function encodeAliasEntry(ref: StoredBlob): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeBigUInt64BE(BigInt(ref.length));
  return Buffer.concat([
    hexBytes(ref.alias, ALIAS_BYTES),
    hexBytes(ref.blob, BLOB_ID_BYTES),
    hexBytes(ref.pack, PACK_ID_BYTES),
    length,
    Buffer.from([encodingNumber(ref.encoding)]),
    hexBytes(ref.sha256, SHA256_BYTES),
  ]);
}

export function decodeAliasEntry(entry: Buffer, path: string): StoredBlob {
  const reader = new ByteReader(entry, path);
  return {
    alias: reader.hex(ALIAS_BYTES),
    blob: reader.hex(BLOB_ID_BYTES),
    pack: reader.hex(PACK_ID_BYTES),
    length: Number(reader.raw(LENGTH_BYTES).readBigUInt64BE()),
    encoding: encodingOf(reader.u8(), path),
    sha256: reader.hex(SHA256_BYTES),
  };
}
