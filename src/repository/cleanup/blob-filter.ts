/**
 * A Bloom filter over blob ids: says of each blob that was added that it may be there, and of nearly every other that it is
 * not. Bounded memory however many blobs a task refers to: where it is too small for them it only says "may be" more often.
 */

/** Ten bits and seven probes for each blob: one wrong "may be there" in a hundred. */
const BITS_PER_BLOB = 10;
const PROBES = 7;
/** 64 MiB are full at 54 million blobs. */
const MAX_BYTES = 64 << 20;
const MIN_BYTES = 1 << 10;
/** Hex digits of one probe. Blob ids are keyed digests: any part of one is as good as a hash of it. */
const PROBE_DIGITS = 8;

export class BlobFilter {
  readonly #bits: Uint8Array;

  /** `blobs`: how many will be added, at most. */
  constructor(blobs: number) {
    const bytes = Math.ceil((blobs * BITS_PER_BLOB) / 8);
    this.#bits = new Uint8Array(Math.min(MAX_BYTES, Math.max(MIN_BYTES, bytes)));
  }

  /** `blob`: 64 hex digits. */
  add(blob: string): void {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = this.#bitOf(blob, probe);
      this.#bits[bit >>> 3] = (this.#bits[bit >>> 3] as number) | (1 << (bit & 7));
    }
  }

  mayHave(blob: string): boolean {
    for (let probe = 0; probe < PROBES; probe++) {
      const bit = this.#bitOf(blob, probe);
      if (((this.#bits[bit >>> 3] as number) & (1 << (bit & 7))) === 0) return false;
    }
    return true;
  }

  #bitOf(blob: string, probe: number): number {
    const at = probe * PROBE_DIGITS;
    return Number.parseInt(blob.slice(at, at + PROBE_DIGITS), 16) % (this.#bits.length * 8);
  }
}
