/**
 * Which versions a damaged segment held, as its key-hash table tells: hash of the key and fingerprint of the state of each.
 * Whatever has both is the version that is needed, wherever it is found.
 */
import { FINGERPRINT_BYTES, type Fingerprints } from "../../repository/segment/fingerprint.ts";
import { KEY_ENTRY_BYTES, KEY_HASH_BYTES } from "../../repository/segment/key-table.ts";
import type { Version } from "../../model/version.ts";
import type { ItemKey } from "../../model/key.ts";

export class VersionNeeds {
  readonly #entries: Buffer;
  readonly #found: Uint8Array;
  readonly #fingerprints: Fingerprints;
  readonly #wanted = Buffer.alloc(KEY_ENTRY_BYTES);
  #missing: number;

  /** `entries`: 16 bytes each, in order, as in the table. */
  constructor(entries: Buffer, fingerprints: Fingerprints) {
    this.#entries = entries;
    this.#fingerprints = fingerprints;
    this.#missing = entries.length / KEY_ENTRY_BYTES;
    this.#found = new Uint8Array(this.#missing);
  }

  get size(): number {
    return this.#found.length;
  }

  /** Versions that were not found yet. */
  get missing(): number {
    return this.#missing;
  }

  /** Whether exactly this version is needed. */
  has(version: Pick<Version, "key" | "fingerprint">): boolean {
    return this.#indexOf(version.key, version.fingerprint) >= 0;
  }

  /** Whether exactly this version is needed and was not found yet. */
  lacks(version: Pick<Version, "key" | "fingerprint">): boolean {
    const index = this.#indexOf(version.key, version.fingerprint);
    return index >= 0 && this.#found[index] === 0;
  }

  /** States that the version was found; true when it was needed and had not been found before. */
  find(version: Pick<Version, "key" | "fingerprint">): boolean {
    const index = this.#indexOf(version.key, version.fingerprint);
    if (index < 0 || this.#found[index] === 1) return false;
    this.#found[index] = 1;
    this.#missing -= 1;
    return true;
  }

  /** Whether a version of this item is missing: then its key names what is lost. */
  missesItem(key: ItemKey): boolean {
    this.#setHash(key);
    for (let index = this.#firstNotBefore(KEY_HASH_BYTES); index < this.size; index++) {
      if (!this.#hashAt(index).equals(this.#wanted.subarray(0, KEY_HASH_BYTES))) return false;
      if (this.#found[index] === 0) return true;
    }
    return false;
  }

  /** Hashes of the keys whose versions are missing, ascending. */
  *missingHashes(): Generator<bigint> {
    for (let index = 0; index < this.size; index++)
      if (this.#found[index] === 0) yield this.#entries.readBigUInt64BE(index * KEY_ENTRY_BYTES);
  }

  #indexOf(key: ItemKey, fingerprint: Buffer): number {
    if (fingerprint.length !== FINGERPRINT_BYTES) return -1;
    this.#setHash(key);
    fingerprint.copy(this.#wanted, KEY_HASH_BYTES);
    const index = this.#firstNotBefore(KEY_ENTRY_BYTES);
    const at = index * KEY_ENTRY_BYTES;
    return index < this.size && this.#wanted.equals(this.#entries.subarray(at, at + KEY_ENTRY_BYTES))
      ? index
      : -1;
  }

  #setHash(key: ItemKey): void {
    const { high, low } = this.#fingerprints.keyHashHalves(key);
    this.#wanted.writeUInt32BE(high, 0);
    this.#wanted.writeUInt32BE(low, 4);
  }

  #hashAt(index: number): Buffer {
    const at = index * KEY_ENTRY_BYTES;
    return this.#entries.subarray(at, at + KEY_HASH_BYTES);
  }

  /** Index of the first entry whose first `bytes` bytes are not before those that are wanted. */
  #firstNotBefore(bytes: number): number {
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * KEY_ENTRY_BYTES;
      if (this.#entries.compare(this.#wanted, 0, bytes, at, at + bytes) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
