/**
 * Counting what a run changes: items that were not kept before, items in another state, items that are gone.
 */
import { sortableKey, type ItemKey } from "../model/key.ts";
import type { CapturedVersion } from "../model/version.ts";
import type { EntryChange } from "./manifest.ts";
import type { Recognised } from "./state-index.ts";

/** Answers kept until their version arrives; a capture asks a window ahead, never this far. */
const MAX_OPEN = 100_000;

export class ChangeTally {
  #added: number;
  #changed: number;
  #removed: number;
  /** Whether the item was kept before, by key; for items that were asked about and have not been handed over yet. */
  #open = new Map<string, boolean>();

  /** `before`: what the run had counted when it was cut off. */
  constructor(before: Omit<EntryChange, "items"> = { added: 0, changed: 0, removed: 0 }) {
    this.#added = before.added;
    this.#changed = before.changed;
    this.#removed = before.removed;
  }

  get counted(): Omit<EntryChange, "items"> {
    return { added: this.#added, changed: this.#changed, removed: this.#removed };
  }

  /** The capture asked what is known of these. */
  ask(states: readonly { readonly key: ItemKey }[], found: readonly Recognised[]): void {
    if (this.#open.size > MAX_OPEN) this.#open.clear();
    for (const [index, { key }] of states.entries()) {
      if (found[index] !== "same") this.#open.set(sortableKey(key), found[index] === "other");
    }
  }

  /** The capture handed this over. An item that nobody asked about counts as new; a purge is only told of kept items. */
  count({ key, kind }: Pick<CapturedVersion, "key" | "kind">): void {
    const name = sortableKey(key);
    const kept = this.#open.get(name) ?? kind === "purged";
    this.#open.delete(name);
    if (kind === "live") {
      if (kept) this.#changed += 1;
      else this.#added += 1;
    } else if (kept) this.#removed += 1;
  }
}
