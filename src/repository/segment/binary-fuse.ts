/**
 * Binary fuse filter with 8-bit fingerprints (Graf and Lemire, 2022): 9 bits a key, no false negatives, 0.4 % false
 * positives. Works on the keyed 64-bit hashes of keys; which slots a hash uses is described in
 * docs/format/segments.md.
 */
import { damaged } from "./damage.ts";

/**
 * A build fails with a probability well below 1 % per seed; more failures in a row than this do not happen by
 * chance.
 */
const MAX_SEEDS = 100;
/** Larger windows gain nothing for the sizes a segment has. */
const MAX_SEGMENT_LENGTH = 1 << 16;
/** Seeds are successive multiples of the golden ratio, so building the same keys twice gives the same bytes. */
const SEED_STEP = 0x9e3779b1;
const HEAD_BYTES = 12;

export interface KeyFilter {
  /** False only when no key with this hash was put in. */
  readonly mayContain: (high: number, low: number) => boolean;
}

/**
 * Builds the filter of `count` distinct hashes given as halves; undefined when it cannot be built, which duplicates
 * cause. The result is what `openFuse` takes.
 */
export function buildFuse(high: Uint32Array, low: Uint32Array, count: number): Buffer | undefined {
  const segmentLength = segmentLengthFor(count);
  const starts = startsFor(count, segmentLength);
  const capacity = starts + 2 * segmentLength;
  const mask = segmentLength - 1;
  const degree = new Uint8Array(capacity);
  const xorHigh = new Uint32Array(capacity);
  const xorLow = new Uint32Array(capacity);
  const queue = new Uint32Array(capacity);
  const orderHigh = new Uint32Array(count);
  const orderLow = new Uint32Array(count);
  const orderSlot = new Uint32Array(count);
  for (let attempt = 1; attempt <= MAX_SEEDS; attempt++) {
    const seed = Math.imul(attempt, SEED_STEP) >>> 0;
    let overflow = false;
    for (let i = 0; i < count; i++) {
      const a = mix((low[i] as number) ^ seed);
      const b = mix((high[i] as number) ^ a);
      const first = (b >>> 0) % starts;
      for (let which = 0; which < 3; which++) {
        const slot = slotOf(which, first, a, segmentLength, mask);
        const seen = (degree[slot] as number) + 1;
        if (seen > 0xff) overflow = true;
        degree[slot] = seen;
        xorHigh[slot] = (xorHigh[slot] as number) ^ b;
        xorLow[slot] = (xorLow[slot] as number) ^ a;
      }
    }
    if (!overflow) {
      // Peel: a slot that one hash alone uses decides that hash; taking it out may free others.
      let waiting = 0;
      for (let slot = 0; slot < capacity; slot++) if (degree[slot] === 1) queue[waiting++] = slot;
      let peeled = 0;
      while (waiting > 0) {
        const alone = queue[--waiting] as number;
        if (degree[alone] !== 1) continue;
        const a = xorLow[alone] as number;
        const b = xorHigh[alone] as number;
        orderHigh[peeled] = b;
        orderLow[peeled] = a;
        orderSlot[peeled++] = alone;
        const first = (b >>> 0) % starts;
        for (let which = 0; which < 3; which++) {
          const slot = slotOf(which, first, a, segmentLength, mask);
          const left = (degree[slot] as number) - 1;
          degree[slot] = left;
          xorHigh[slot] = (xorHigh[slot] as number) ^ b;
          xorLow[slot] = (xorLow[slot] as number) ^ a;
          if (left === 1) queue[waiting++] = slot;
        }
      }
      if (peeled === count) {
        const filter = Buffer.alloc(HEAD_BYTES + capacity);
        filter.writeUInt32BE(seed, 0);
        filter.writeUInt32BE(segmentLength, 4);
        filter.writeUInt32BE(starts, 8);
        const slots = filter.subarray(HEAD_BYTES);
        // Backwards: each hash's own slot is written when its other two no longer change.
        for (let i = count - 1; i >= 0; i--) {
          const a = orderLow[i] as number;
          const b = orderHigh[i] as number;
          const first = (b >>> 0) % starts;
          const own = orderSlot[i] as number;
          let value = tag(a, b);
          for (let which = 0; which < 3; which++) {
            const slot = slotOf(which, first, a, segmentLength, mask);
            if (slot !== own) value ^= slots[slot] as number;
          }
          slots[own] = value;
        }
        return filter;
      }
    }
    degree.fill(0);
    xorHigh.fill(0);
    xorLow.fill(0);
  }
  return undefined;
}

/** The filter in `bytes`, used in place. Errors: `object-damaged`. */
export function openFuse(bytes: Buffer, path: string): KeyFilter {
  if (bytes.length < HEAD_BYTES) throw damaged(path, "its key filter is too short");
  const seed = bytes.readUInt32BE(0);
  const segmentLength = bytes.readUInt32BE(4);
  const starts = bytes.readUInt32BE(8);
  const mask = segmentLength - 1;
  const slots = bytes.subarray(HEAD_BYTES);
  const powerOfTwo = segmentLength > 0 && (segmentLength & mask) === 0;
  if (!powerOfTwo || starts === 0 || slots.length !== starts + 2 * segmentLength) {
    throw damaged(path, "its key filter contradicts itself");
  }
  return {
    mayContain: (high, low) => {
      const a = mix(low ^ seed);
      const b = mix(high ^ a);
      const first = (b >>> 0) % starts;
      let value = tag(a, b);
      for (let which = 0; which < 3; which++) {
        value ^= slots[slotOf(which, first, a, segmentLength, mask)] as number;
      }
      return value === 0;
    },
  };
}

/** The nth of a hash's three slots; they lie in three successive windows, so they always differ. */
function slotOf(which: number, first: number, a: number, segmentLength: number, mask: number): number {
  if (which === 0) return first;
  const offset = which === 1 ? a & mask : (a >>> 16) & mask;
  // Flipping bits inside the window keeps the slot in it.
  return (first + which * segmentLength) ^ offset;
}

/** The 8 bits that a hash's three slots must add up to. */
function tag(a: number, b: number): number {
  return Math.imul(a ^ b, SEED_STEP) >>> 24;
}

/** MurmurHash3's finalizer: a bijection of 32 bits. */
function mix(value: number): number {
  let x = value;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return x ^ (x >>> 16);
}

/** Window length and number of starts as the authors tuned them for three slots. */
function segmentLengthFor(count: number): number {
  if (count < 2) return 4;
  const exponent = Math.floor(Math.log(count) / Math.log(3.33) + 2.25);
  return Math.min(2 ** exponent, MAX_SEGMENT_LENGTH);
}

function startsFor(count: number, segmentLength: number): number {
  const factor = count < 2 ? 0 : Math.max(1.125, 0.875 + (0.25 * Math.log(1_000_000)) / Math.log(count));
  const slots = Math.ceil(Math.round(count * factor) / segmentLength) * segmentLength;
  return Math.max(slots - 2 * segmentLength, segmentLength);
}
