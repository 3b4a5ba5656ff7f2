/**
 * How segments are cut. A reader needs none of these numbers: every file says of itself what it must know.
 */

export interface SegmentLayout {
  /** Raw bytes at which a block closes. Larger blocks compress better and make a lookup read more. */
  readonly blockBytes: number;
  /** zstd level. */
  readonly level: number;
  /** An index larger than this is cut into pages of this size. */
  readonly indexPageBytes: number;
  /** Size of a page of the tables for writers. */
  readonly tablePageBytes: number;
  /** Whether to write a key filter; useless where nearly every key asked for is present (baselines). */
  readonly filter: boolean;
}

/**
 * Measured on 1 M documents of 500 bytes and 50 000 of 20 kB: 256 KiB at level 3 keeps within 3 % of the size of 1
 * MiB blocks, finds one item in a third of the time, and writes at 127 to 143 MB per second of CPU.
 */
export const DEFAULT_LAYOUT: SegmentLayout = {
  blockBytes: 256 * 1024,
  level: 3,
  indexPageBytes: 64 * 1024,
  tablePageBytes: 64 * 1024,
  filter: true,
};

/** Raw bytes being compressed at a time. Counted in bytes, not blocks: a block may be one huge record. */
export const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;
