/**
 * Telling about items that a read left out because their version was damaged and given up.
 */
import { formatInstant } from "../model/instant.ts";
import { keyOf, keyText } from "../model/key.ts";
import type { LostItem } from "../timeline/lost.ts";
import type { Hooks } from "./hooks.ts";
import type { RestoreItemRow } from "./reports.ts";
import type { Tally } from "./restore/tally.ts";

/** Items warned of one by one. */
const NAMED = 20;

/** Warns of each item once, and of the rest in one sentence. */
export function warnOfLost(hooks: Hooks): (lost: LostItem) => void {
  const told = new Set<string>();
  return ({ key, instant }) => {
    const item = key === undefined ? "An item whose name is not known" : `"${keyText(key)}"`;
    if (told.size > NAMED || told.has(item)) return;
    told.add(item);
    hooks.warn?.(
      told.size > NAMED
        ? "Further items are left out because their versions are lost."
        : `${item} is left out: its version at ${formatInstant(instant)} was damaged and given up.`,
    );
  };
}

/** Puts each lost item into a restore's report, as one that could not be restored. */
export function reportLost(
  tally: Tally,
  onItem: (row: RestoreItemRow) => void,
  warn: (lost: LostItem) => void,
): (lost: LostItem) => void {
  const told = new Set<string>();
  return (lost) => {
    if (lost.key === undefined) return warn(lost);
    const item = keyText(lost.key);
    if (told.has(item)) return;
    told.add(item);
    const reason = `its version at ${formatInstant(lost.instant)} was damaged and given up`;
    onItem(tally.add({ key: keyOf(item), action: "failed", reason }));
  };
}
