/**
 * Byte ranges against an object's real size: the part of the contract that every backend has to get right in the same
 * way.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { ByteRange } from "./storage.ts";

/** The range to read of an object of `size` bytes; `object-damaged` when the object ends before it. */
export function checkRange(
  range: ByteRange | undefined,
  size: number,
  path: string,
  location: string,
): ByteRange {
  if (range === undefined) return { offset: 0, length: size };
  const { offset, length } = range;
  if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
    throw new HoldfastError("internal", `Refused the illegal range ${offset}+${length} of ${path}.`, {
      path,
    });
  }
  if (offset + length > size) throw tooShort(path, location, range, size);
  return range;
}

export function tooShort(path: string, location: string, range: ByteRange, size: number): HoldfastError {
  return new HoldfastError(
    "object-damaged",
    `Failed reading bytes ${range.offset} to ${range.offset + range.length} of ${path} in ${location}: it ends after ${size} bytes.`,
    { path },
  );
}
