/**
 * From captures in the order of the service's answers to what becomes of each key: pure.
 */
import { sortableKey, type ItemKey } from "../../model/key.ts";
import type { PendingCapture } from "../../sources/watson/captures.ts";

export interface CapturePlan {
  /** The last word on each key, by `sortableKey`. */
  readonly keys: ReadonlyMap<string, PendingCapture>;
  /** Everything kept below these is gone, but for what `keys` names. */
  readonly gone: readonly { readonly prefix: ItemKey; readonly capture: PendingCapture }[];
}

export function planCaptures(captures: readonly PendingCapture[]): CapturePlan {
  const keys = new Map<string, PendingCapture>();
  const gone: { prefix: ItemKey; capture: PendingCapture }[] = [];
  for (const capture of captures) {
    if (capture.prefix !== true) {
      keys.set(sortableKey(capture.key), capture);
      continue;
    }
    gone.push({ prefix: capture.key, capture });
    const prefix = sortableKey(capture.key);
    for (const [name, earlier] of keys) {
      if (!name.startsWith(prefix)) continue;
      keys.set(name, {
        collection: earlier.collection,
        key: earlier.key,
        kind: "deleted",
        note: capture.note,
      });
    }
  }
  return { keys, gone };
}
