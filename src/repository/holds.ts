/**
 * Holds: instants, items and key prefixes that rollup and cleanup leave alone. What a hold on items is about is sealed for
 * the read right, because manifests can be read by those who may learn no key.
 */
import { randomHex, type Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { keyAfterPrefix, type ItemKey } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import type { Hold } from "./manifest.ts";
import { openBox, sealBox } from "./sealing/box.ts";
import type { Keyring } from "./sealing/keyring.ts";
import type { KeyRange } from "./segment/segment-scan.ts";

const HOLD_ID_BYTES = 16;
/** Box kind of a hold's selector; its key seals nothing else. */
const SELECTOR_KIND = 1;

/** What to hold. */
export type HoldTarget =
  | { readonly kind: "instant"; readonly instant: Millis }
  | { readonly kind: "item" | "prefix"; readonly key: ItemKey };

/** A hold whose target is known. */
export type OpenHold = Hold & { readonly key: ItemKey | null };

export function newHold(
  keyring: Keyring,
  task: TaskName,
  target: HoldTarget,
  reason: string,
  since: Millis,
): Hold {
  const id = randomHex(HOLD_ID_BYTES);
  const { kind } = target;
  if (target.kind === "instant") return { id, kind, instant: target.instant, selector: null, reason, since };
  const { key, wrapped } = keyring.newFileKey(task, id);
  const sealed = sealBox(key, SELECTOR_KIND, 0, selectorData(task, id, kind), target.key);
  return { id, kind, instant: null, selector: { wrapped, sealed }, reason, since };
}

/** Errors: `no-read-right` when there is a hold on items and the keyring may not read; `object-damaged`. */
export function openHolds(keyring: Keyring, task: TaskName, holds: readonly Hold[]): HeldSet {
  return new HeldSet(
    holds.map((hold): OpenHold => {
      if (hold.selector === null) return { ...hold, key: null };
      const place = `the hold ${hold.id} of ${task}`;
      const key = keyring.openFileKey(task, hold.id, hold.selector.wrapped);
      const additional = selectorData(task, hold.id, hold.kind);
      return { ...hold, key: openBox(key, SELECTOR_KIND, 0, additional, hold.selector.sealed, place) };
    }),
  );
}

/** What is held, as rollup, cleanup and erasure ask. */
export class HeldSet {
  readonly holds: readonly OpenHold[];
  readonly #instants: ReadonlySet<Millis>;

  constructor(holds: readonly OpenHold[]) {
    this.holds = holds;
    this.#instants = new Set(holds.flatMap(({ instant }) => (instant === null ? [] : [instant])));
  }

  /** Whether the instant must stay. */
  readonly pins = (instant: Millis): boolean => this.#instants.has(instant);

  /** The hold that covers an item, or undefined. */
  coverOf(key: ItemKey): OpenHold | undefined {
    return this.holds.find((hold) => hold.key !== null && covers(hold, hold.key, key));
  }

  /** Key ranges of held items, ascending and disjoint; empty when no item is held. */
  ranges(): KeyRange[] {
    const ranges = this.holds.flatMap((hold) => (hold.key === null ? [] : [rangeOf(hold, hold.key)]));
    ranges.sort((a, b) => Buffer.compare(a.from, b.from));
    const merged: { from: Buffer; before?: Buffer }[] = [];
    for (const { from, before } of ranges) {
      const last = merged[merged.length - 1];
      const apart =
        last === undefined || (last.before !== undefined && Buffer.compare(from, last.before) > 0);
      if (last === undefined || apart) merged.push(before === undefined ? { from } : { from, before });
      else if (before === undefined) delete last.before;
      else if (last.before !== undefined && Buffer.compare(before, last.before) > 0) last.before = before;
    }
    return merged;
  }
}

/** The hold that `text` names: its id or the beginning of it. Errors: `source-unknown`. */
export function findHold(holds: readonly Hold[], text: string): Hold {
  const found = text === "" ? [] : holds.filter(({ id }) => id.startsWith(text));
  if (found.length === 1) return found[0] as Hold;
  const reason = found.length === 0 ? "No hold" : "More than one hold";
  throw new HoldfastError("source-unknown", `${reason} has an id that begins with "${text}".`);
}

/** The smallest byte string after a key. */
const NEXT = Buffer.from([0]);

function rangeOf({ kind }: Hold, key: ItemKey): { from: Buffer; before?: Buffer } {
  const before = kind === "item" ? Buffer.concat([key, NEXT]) : keyAfterPrefix(key);
  return before === undefined ? { from: key } : { from: key, before };
}

function covers({ kind }: Hold, held: ItemKey, key: ItemKey): boolean {
  return kind === "item" ? key.equals(held) : key.subarray(0, held.length).equals(held);
}

function selectorData(task: TaskName, id: string, kind: string): Buffer {
  return Buffer.from(`hold\n${task}\n${id}\n${kind}`, "utf8");
}
