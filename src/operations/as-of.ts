/**
 * Asking for a time in the past: which kept instant answers, and how exactly. For single items the instants at which a hold
 * keeps them count too.
 */
import type { Millis } from "../model/clock.ts";
import { formatInstant, timeMeant } from "../model/instant.ts";
import { keyOf, type ItemKey } from "../model/key.ts";
import { openHolds, type OpenHold } from "../repository/holds.ts";
import { exactnessAt, type Exactness } from "../timeline/retention/exactness.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { ExactnessRow } from "./reports.ts";
import type { Scope } from "./restore/scope.ts";

export interface AsOf {
  /** An instant of the timeline, or one at which everything that was asked for is held. */
  readonly instant: Millis;
  readonly exactness: ExactnessRow;
}

/** Items whose held versions are looked for one by one; of more, holds alone tell what is known of them. */
const ITEMS_LOOKED_UP = 20;

/**
 * The instant that `text` means; an answer that is not exact is told. `scope`: what it is asked for, absent: everything.
 * Errors: `instant-unknown`, `object-*`.
 */
export async function resolveAsOf(
  timeline: Timeline,
  text: string,
  now: Millis,
  hooks: Hooks,
  scope: Scope = {},
): Promise<AsOf> {
  const held = await heldInstants(timeline, scope, hooks);
  const found = answer(timeline, text, now, held);
  const exactness = exactnessRow(found);
  if (exactness.precision !== "second") hooks.note?.(exactnessText(exactness));
  return { instant: found.instant, exactness };
}

/** `As of 2026-01-11T02:00:00Z, exact to the week; nearest instants: 2026-01-11T02:00:00Z and 2026-01-18T02:00:00Z.` */
function exactnessText({ precision, instant, next }: ExactnessRow): string {
  if (precision === "second") return `As of ${instant}, exact to the second.`;
  const nearest = next === null ? instant : `${instant} and ${next}`;
  if (precision === "epoch")
    return `As of ${instant}, not exact: the collection was made anew since; nearest instants: ${nearest}.`;
  return `As of ${instant}, exact to the ${precision}; nearest instants: ${nearest}.`;
}

function answer(timeline: Timeline, text: string, now: Millis, held: readonly Millis[]): Exactness {
  const { entries } = timeline.manifest;
  // Before the first instant only what is held answers.
  const early = held.length > 0 && !text.startsWith("latest") ? timeMeant(text, 0, now) : undefined;
  if (early !== undefined && early < (entries[0]?.to ?? 0)) {
    const exactness = exactnessAt(entries, held, early);
    if (exactness !== undefined) return exactness;
  }
  const instant = timeline.resolve(text, now);
  const exactness = exactnessAt(entries, held, timeMeant(text, instant, now));
  return exactness ?? { precision: "second", instant, next: null };
}

/** Instants, beside the kept ones, at which everything in the scope is known. */
async function heldInstants(timeline: Timeline, scope: Scope, hooks: Hooks): Promise<readonly Millis[]> {
  const { manifest, repository, task } = timeline;
  const chosen = scope.items?.map(keyOf) ?? (scope.prefix === undefined ? [] : [keyOf(scope.prefix)]);
  if (chosen.length === 0 || manifest.entries.every(({ held }) => held.length === 0)) return [];
  const { holds } = openHolds(repository.keyring, task, manifest.holds);
  const all = timeline.points.flatMap(({ to, held }) => (held === null ? [] : [to]));
  let known = [...new Set(all)];
  for (const key of chosen) {
    const since = Math.min(...holds.filter((hold) => covers(hold, key, scope)).map((hold) => hold.since));
    // Whatever ended after the hold was made was merged after it, and so left its versions of the item.
    const certain = new Set(known.filter((instant) => instant >= since));
    const looksUp = scope.items !== undefined && chosen.length <= ITEMS_LOOKED_UP;
    const found = looksUp ? await timeline.heldInstantsOf(key, signalOf(hooks)) : [];
    for (const instant of found) certain.add(instant);
    known = known.filter((instant) => certain.has(instant));
  }
  return known;
}

/** Whether the hold covers the item, or every item with the prefix. */
function covers({ kind, key: held }: OpenHold, key: ItemKey, { prefix }: Scope): boolean {
  if (held === null) return false;
  if (kind === "item") return prefix === undefined && held.equals(key);
  return key.subarray(0, held.length).equals(held);
}

function exactnessRow({ precision, instant, next }: Exactness): ExactnessRow {
  return { precision, instant: formatInstant(instant), next: next === null ? null : formatInstant(next) };
}
