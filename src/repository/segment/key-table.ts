/**
 * The table of a segment that tells, for the hash of a key, the fingerprint of its state: entries of 16 bytes in
 * order of hash. Built in memory at 16 bytes a record; segments are cut long before that matters.
 */
import { FINGERPRINT_BYTES } from "./fingerprint.ts";

export const KEY_HASH_BYTES = 8;
export const KEY_ENTRY_BYTES = KEY_HASH_BYTES + FINGERPRINT_BYTES;

const WORDS = 4;
const DIGIT_BITS = 16;
const DIGIT_MASK = 0xffff;
/** Below this, clearing the radix histogram costs more than a comparison sort. */
const RADIX_MIN_ENTRIES = 4096;

export class KeyTable {
  /** hash high, hash low, fingerprint high, fingerprint low. */
  #words = new Uint32Array(WORDS * 1024);
  #count = 0;
  #order: Uint32Array | undefined;

  get count(): number {
    return this.#count;
  }

  add(high: number, low: number, fingerprint: Buffer): void {
    let at = this.#count * WORDS;
    if (at === this.#words.length) {
      const larger = new Uint32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[at++] = high;
    this.#words[at++] = low;
    this.#words[at++] = word(fingerprint, 0);
    this.#words[at] = word(fingerprint, 4);
    this.#count++;
  }

  /** Every different hash once, as halves, in order. */
  distinctHashes(): { readonly high: Uint32Array; readonly low: Uint32Array; readonly count: number } {
    const order = this.#sorted();
    const high = new Uint32Array(order.length);
    const low = new Uint32Array(order.length);
    let count = 0;
    for (const index of order) {
      const h = this.#words[index * WORDS] as number;
      const l = this.#words[index * WORDS + 1] as number;
      if (count > 0 && high[count - 1] === h && low[count - 1] === l) continue;
      high[count] = h;
      low[count++] = l;
    }
    return { high, low, count };
  }

  /** The entries in order of hash, `perPage` in each buffer but the last. */
  *pages(perPage: number): Generator<Buffer> {
    const order = this.#sorted();
    for (let start = 0; start < order.length; start += perPage) {
      const end = Math.min(start + perPage, order.length);
      const page = Buffer.allocUnsafe((end - start) * KEY_ENTRY_BYTES);
      let at = 0;
      for (let i = start; i < end; i++) {
        const from = (order[i] as number) * WORDS;
        for (let n = 0; n < WORDS; n++) {
          const value = this.#words[from + n] as number;
          page[at++] = value >>> 24;
          page[at++] = value >>> 16;
          page[at++] = value >>> 8;
          page[at++] = value;
        }
      }
      yield page;
    }
  }

  #sorted(): Uint32Array {
    return (this.#order ??= sortedOrder(this.#words, this.#count));
  }
}

/** Record numbers in order of hash; equal hashes keep the records' order. */
function sortedOrder(words: Uint32Array, count: number): Uint32Array {
  let order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  const compare = (a: number, b: number): number =>
    (words[a * WORDS] as number) - (words[b * WORDS] as number) ||
    (words[a * WORDS + 1] as number) - (words[b * WORDS + 1] as number) ||
    a - b;
  if (count < RADIX_MIN_ENTRIES) return order.sort(compare);
  let other = new Uint32Array(count);
  for (const shift of [0, DIGIT_BITS]) {
    const starts = new Uint32Array(DIGIT_MASK + 2);
    for (let i = 0; i < count; i++) {
      const digit = ((words[i * WORDS] as number) >>> shift) & DIGIT_MASK;
      starts[digit + 1] = (starts[digit + 1] as number) + 1;
    }
    for (let digit = 1; digit <= DIGIT_MASK; digit++) {
      starts[digit] = (starts[digit] as number) + (starts[digit - 1] as number);
    }
    for (let i = 0; i < count; i++) {
      const index = order[i] as number;
      const digit = ((words[index * WORDS] as number) >>> shift) & DIGIT_MASK;
      const to = starts[digit] as number;
      other[to] = index;
      starts[digit] = to + 1;
    }
    [order, other] = [other, order];
  }
  // The passes ordered by the upper half; the few that share it are put right by insertion.
  for (let i = 1; i < count; i++) {
    const index = order[i] as number;
    let to = i;
    while (to > 0 && compare(order[to - 1] as number, index) > 0) {
      order[to] = order[to - 1] as number;
      to--;
    }
    order[to] = index;
  }
  return order;
}

function word(bytes: Buffer, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
