/**
 * Scopes of a restore that are one contiguous range of item keys: an id prefix, a partition.
 */
import { HoldfastError } from "../../model/errors.ts";
import { compareKeys, keyAfterPrefix, keyOf, type ItemKey } from "../../model/key.ts";

export interface KeyRange {
  readonly from: ItemKey;
  /** First key after the range; undefined: to the end. */
  readonly before: ItemKey | undefined;
}

/** All documents whose id begins with `prefix`. */
export function idPrefixRange(prefix: string): KeyRange {
  const from = keyOf(prefix);
  return { from, before: keyAfterPrefix(from) };
}

/** All documents of one partition of a partitioned database. Throws `usage` for what cannot name a partition. */
export function partitionRange(partition: string): KeyRange {
  if (partition === "" || partition.startsWith("_") || partition.includes(":")) {
    throw new HoldfastError(
      "usage",
      `"${partition}" cannot be a partition: a partition's name is not empty, does not begin with _ and holds no colon`,
    );
  }
  return idPrefixRange(`${partition}:`);
}

export function inRange(range: KeyRange, key: ItemKey): boolean {
  return (
    compareKeys(key, range.from) >= 0 && (range.before === undefined || compareKeys(key, range.before) < 0)
  );
}
