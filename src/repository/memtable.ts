/**
 * Versions waiting to be written: kept in memory up to a bounded size, then sorted into one segment.
 */
import { sortableKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";

/** What a version costs in memory beside its bytes: objects, the sort key, a few hex strings (measured: 350-500 B). */
const VERSION_OVERHEAD_BYTES = 450;

interface Waiting {
  readonly sortKey: string;
  readonly version: Version;
}

export class Memtable {
  /** Approximate memory in bytes. */
  bytes = 0;
  #waiting: Waiting[] = [];
  #sorted = true;

  get size(): number {
    return this.#waiting.length;
  }

  add(version: Version): void {
    const sortKey = sortableKey(version.key);
    const last = this.#waiting[this.#waiting.length - 1];
    if (last !== undefined && sortKey <= last.sortKey) this.#sorted = false;
    this.#waiting.push({ sortKey, version });
    this.bytes +=
      VERSION_OVERHEAD_BYTES + version.key.length * 2 + version.blobs.length * VERSION_OVERHEAD_BYTES;
    for (const part of version.parts) this.bytes += part.length;
  }

  /** The versions in order of key, one for each: of several, the one added last. */
  toSorted(): Version[] {
    if (!this.#sorted) {
      // Stable: of equal keys the one added last stays last.
      this.#waiting.sort((a, b) => (a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0));
      this.#waiting = this.#waiting.filter((entry, index, all) => entry.sortKey !== all[index + 1]?.sortKey);
    }
    return this.#waiting.map((entry) => entry.version);
  }
}
