/**
 * Packs records into blocks. A block closes before a record would take it over the target; a record larger than the
 * target has a block of its own. Keys must strictly ascend: a segment sorted the wrong way could not be searched,
 * so the encoder refuses.
 */
import { HoldfastError } from "../../model/errors.ts";
import { keyText } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { recordSize, writeRecord } from "./record.ts";

export interface RawBlock {
  readonly raw: Buffer;
  readonly firstKey: Buffer;
  readonly records: number;
}

/** Buffers kept for the next blocks; more only pile up when the consumer is slow. */
const MAX_SPARE_BUFFERS = 8;

export class BlockEncoder {
  readonly #target: number;
  readonly #spare: Buffer[] = [];
  #buffer: Buffer | undefined;
  #length = 0;
  #records = 0;
  #firstKey: Buffer | undefined;
  #firstOfAll: Buffer | undefined;
  #lastKey: Buffer | undefined;

  constructor(targetBytes: number) {
    this.#target = targetBytes;
  }

  /** Adds a record; returns the blocks that are complete now, mostly none. */
  add(version: Version, observation: number): readonly RawBlock[] {
    if (this.#lastKey !== undefined && Buffer.compare(this.#lastKey, version.key) >= 0) {
      throw new HoldfastError(
        "internal",
        `Versions for a segment came out of order: ${keyText(version.key)} after ${keyText(this.#lastKey)}.`,
        { item: keyText(version.key) },
      );
    }
    this.#lastKey = version.key;
    const size = recordSize(version, observation);
    const done: RawBlock[] = [];
    if (this.#length + size.total > this.#target) done.push(...this.close());
    if (size.total > this.#target) {
      const raw = Buffer.allocUnsafeSlow(size.total);
      writeRecord(raw, version, observation, size, 0);
      done.push({ raw, firstKey: this.#copyFirst(version.key), records: 1 });
      return done;
    }
    this.#buffer ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#target);
    this.#firstKey ??= this.#copyFirst(version.key);
    this.#length = writeRecord(this.#buffer, version, observation, size, this.#length);
    this.#records++;
    return done.length === 0 ? NO_BLOCKS : done;
  }

  /** The open block, if it has any record. */
  close(): readonly RawBlock[] {
    if (this.#buffer === undefined || this.#firstKey === undefined) return NO_BLOCKS;
    const raw = this.#buffer.subarray(0, this.#length);
    const block: RawBlock = { raw, firstKey: this.#firstKey, records: this.#records };
    this.#buffer = undefined;
    this.#firstKey = undefined;
    this.#length = 0;
    this.#records = 0;
    return [block];
  }

  /** Gives a block's buffer back once its bytes are no longer needed. */
  recycle(block: RawBlock): void {
    const whole = Buffer.from(block.raw.buffer);
    if (whole.length === this.#target && this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(whole);
  }

  /** First and last key so far. */
  get bounds(): { readonly first: Buffer; readonly last: Buffer } | undefined {
    if (this.#firstOfAll === undefined || this.#lastKey === undefined) return undefined;
    return { first: this.#firstOfAll, last: Buffer.from(this.#lastKey) };
  }

  /** A copy, so that an index entry does not keep a foreign block alive. */
  #copyFirst(key: Buffer): Buffer {
    const copy = Buffer.from(key);
    this.#firstOfAll ??= copy;
    return copy;
  }
}

const NO_BLOCKS: readonly RawBlock[] = [];
