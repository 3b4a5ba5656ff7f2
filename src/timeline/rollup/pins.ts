/**
 * Which instants no rollup may merge: those that are held, and those that lost a segment of which nobody knows what it held.
 * Its mark hides whatever lies in the segment's bounds, so a merge with newer deltas would hide their versions too.
 */
import type { Millis } from "../../model/clock.ts";
import type { HeldSet } from "../../repository/holds.ts";
import type { LostVersions, Manifest } from "../../repository/manifest.ts";

export function pinnedInstants(
  { entries }: Pick<Manifest, "entries">,
  holds: HeldSet,
): (instant: Millis) => boolean {
  const blind = new Set(entries.filter(({ lost }) => lost.some(isBlind)).map(({ to }) => to));
  return (instant) => holds.pins(instant) || blind.has(instant);
}

/** Not marks of what was held beside the entry: they hide nothing of its own. */
function isBlind({ unknown, held }: LostVersions): boolean {
  return unknown !== undefined && held === undefined;
}
