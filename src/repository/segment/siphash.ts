/**
 * SipHash-2-4 with 64-bit output (Aumasson and Bernstein, 2012), on 32-bit halves: V8 has no fast 64-bit integers,
 * and a call into node:crypto costs more than hashing a key here (bench/segment.ts prints both).
 *
 * The result is read as a number: `high` and `low` are the halves of the 64-bit value that the reference code
 * returns.
 */

export interface Hash64 {
  readonly high: number;
  readonly low: number;
}

/** Hashes byte strings under one 16-byte key. The object it returns is its own and overwritten by the next call. */
export class SipHash {
  readonly #k0l: number;
  readonly #k0h: number;
  readonly #k1l: number;
  readonly #k1h: number;
  readonly #result = { high: 0, low: 0 };

  constructor(key: Buffer) {
    if (key.length !== 16) throw new TypeError(`A SipHash key has 16 bytes, not ${key.length}.`);
    this.#k0l = key.readUInt32LE(0);
    this.#k0h = key.readUInt32LE(4);
    this.#k1l = key.readUInt32LE(8);
    this.#k1h = key.readUInt32LE(12);
  }

  hash(input: Uint8Array): Hash64 {
    const length = input.length;
    let v0l = this.#k0l ^ 0x70736575;
    let v0h = this.#k0h ^ 0x736f6d65;
    let v1l = this.#k1l ^ 0x6e646f6d;
    let v1h = this.#k1h ^ 0x646f7261;
    let v2l = this.#k0l ^ 0x6e657261;
    let v2h = this.#k0h ^ 0x6c796765;
    let v3l = this.#k1l ^ 0x79746573;
    let v3h = this.#k1h ^ 0x74656462;
    const whole = length - (length & 7);
    // Words of the message, then the padded last one, then (marked by -1 rounds left) the finalization.
    for (let at = 0; ; at += 8) {
      let ml = 0;
      let mh = 0;
      let rounds = 2;
      if (at < whole) {
        ml = word(input, at);
        mh = word(input, at + 4);
      } else if (at === whole) {
        mh = length << 24;
        const left = length & 7;
        for (let i = 0; i < left; i++) {
          const byte = input[at + i] as number;
          if (i < 4) ml |= byte << (i * 8);
          else mh |= byte << ((i - 4) * 8);
        }
      } else {
        v2l ^= 0xff;
        rounds = 4;
      }
      v3l ^= ml;
      v3h ^= mh;
      for (let round = 0; round < rounds; round++) {
        let sum = (v0l >>> 0) + (v1l >>> 0);
        v0h = (v0h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v0l = sum | 0;
        let swap = (v1l << 13) | (v1h >>> 19);
        v1h = ((v1h << 13) | (v1l >>> 19)) ^ v0h;
        v1l = swap ^ v0l;
        swap = v0l;
        v0l = v0h;
        v0h = swap;
        sum = (v2l >>> 0) + (v3l >>> 0);
        v2h = (v2h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v2l = sum | 0;
        swap = (v3l << 16) | (v3h >>> 16);
        v3h = ((v3h << 16) | (v3l >>> 16)) ^ v2h;
        v3l = swap ^ v2l;
        sum = (v0l >>> 0) + (v3l >>> 0);
        v0h = (v0h + v3h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v0l = sum | 0;
        swap = (v3l << 21) | (v3h >>> 11);
        v3h = ((v3h << 21) | (v3l >>> 11)) ^ v0h;
        v3l = swap ^ v0l;
        sum = (v2l >>> 0) + (v1l >>> 0);
        v2h = (v2h + v1h + (sum > 0xffffffff ? 1 : 0)) | 0;
        v2l = sum | 0;
        swap = (v1l << 17) | (v1h >>> 15);
        v1h = ((v1h << 17) | (v1l >>> 15)) ^ v2h;
        v1l = swap ^ v2l;
        swap = v2l;
        v2l = v2h;
        v2h = swap;
      }
      if (rounds === 4) break;
      v0l ^= ml;
      v0h ^= mh;
    }
    this.#result.high = (v0h ^ v1h ^ v2h ^ v3h) >>> 0;
    this.#result.low = (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
    return this.#result;
  }
}

function word(input: Uint8Array, at: number): number {
  return (
    (input[at] as number) |
    ((input[at + 1] as number) << 8) |
    ((input[at + 2] as number) << 16) |
    ((input[at + 3] as number) << 24)
  );
}
