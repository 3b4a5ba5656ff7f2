/**
 * How much of what is kept has been read back lately and was sound. Pure.
 */
import type { Millis } from "../../model/clock.ts";
import type { FileRead } from "./read-history.ts";

export interface Coverage {
  /** Bytes of all files that timelines and undo records need. */
  readonly bytes: number;
  /** Bytes of those that were read back since `since` and were sound. */
  readonly readBytes: number;
  readonly since: Millis;
  /** When the file that was not read back for longest was read back; null when one never was. */
  readonly oldest: Millis | null;
}

export interface CoveredFile {
  readonly bytes: number;
  readonly read: FileRead | undefined;
}

/** Undefined when there are no files. */
export function coverageOf(files: Iterable<CoveredFile>, since: Millis): Coverage | undefined {
  let bytes = 0;
  let readBytes = 0;
  let oldest: Millis | null = Infinity;
  let any = false;
  for (const file of files) {
    any = true;
    bytes += file.bytes;
    if (file.read?.sound === true && file.read.at >= since) readBytes += file.bytes;
    oldest = file.read === undefined || oldest === null ? null : Math.min(oldest, file.read.at);
  }
  return any ? { bytes, readBytes, since, oldest } : undefined;
}

/** Undefined when none of them covers anything. */
export function addCoverage(all: readonly Coverage[]): Coverage | undefined {
  const [first, ...others] = all;
  if (first === undefined) return undefined;
  return others.reduce(
    (sum, next) => ({
      bytes: sum.bytes + next.bytes,
      readBytes: sum.readBytes + next.readBytes,
      since: Math.min(sum.since, next.since),
      oldest: sum.oldest === null || next.oldest === null ? null : Math.min(sum.oldest, next.oldest),
    }),
    first,
  );
}
