/**
 * Blocks on their way through the thread pool, in order. Bounded by bytes: two small blocks keep two cores busy,
 * and a huge record waits until those before it have left.
 */
import type { Compressed } from "./compression.ts";
import { FrameCompressor } from "./frame-compressor.ts";
import type { RawBlock } from "./block-encoder.ts";

export interface CompressedBlock extends Compressed {
  readonly block: RawBlock;
}

/**
 * The thread pool also does the file system's work: more blocks in flight than this gain nothing on the cores there
 * are and delay reads and writes.
 */
const MAX_IN_FLIGHT_BLOCKS = 4;

export class BlockPipeline {
  readonly #level: number;
  readonly #blockBytes: number;
  readonly #maxBytes: number;
  readonly #idle: FrameCompressor[] = [];
  readonly #queue: { readonly rawBytes: number; readonly result: Promise<CompressedBlock> }[] = [];
  #bytes = 0;

  constructor(level: number, blockBytes: number, maxBytes: number) {
    this.#level = level;
    this.#blockBytes = blockBytes;
    this.#maxBytes = maxBytes;
  }

  push(block: RawBlock): void {
    const result = this.#compress(block);
    // A failure is thrown by `shift`; should the writer stop before, it must not count as unhandled.
    result.catch(() => {});
    this.#queue.push({ rawBytes: block.raw.length, result });
    this.#bytes += block.raw.length;
  }

  /** Whether a block must leave before the next comes. */
  get full(): boolean {
    return this.#bytes > this.#maxBytes || this.#queue.length > MAX_IN_FLIGHT_BLOCKS;
  }

  get empty(): boolean {
    return this.#queue.length === 0;
  }

  /** The oldest block. */
  async shift(): Promise<CompressedBlock> {
    const head = this.#queue.shift();
    if (head === undefined) throw new RangeError("The pipeline is empty.");
    const result = await head.result;
    this.#bytes -= head.rawBytes;
    return result;
  }

  /** Waits until no thread reads a buffer any more, whatever became of it, and lets go of the compressors. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#queue.splice(0).map((waiting) => waiting.result));
    this.#bytes = 0;
    for (const compressor of this.#idle.splice(0)) compressor.close();
  }

  async #compress(block: RawBlock): Promise<CompressedBlock> {
    const compressor = this.#idle.pop() ?? new FrameCompressor(this.#level, this.#blockBytes);
    try {
      return { ...(await compressor.compress(block.raw)), block };
    } finally {
      this.#idle.push(compressor);
    }
  }
}
