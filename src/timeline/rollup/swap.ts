/**
 * Putting a made entry into a manifest in the place of its inputs. Pure.
 */
import type { Millis } from "../../model/clock.ts";
import {
  entrySegments,
  type Hold,
  type Manifest,
  type RetiredEntry,
  type TimelineEntry,
} from "../../repository/manifest.ts";
import type { NextManifest } from "../../repository/task-store.ts";
import type { MadeEntry } from "./make-entry.ts";

/**
 * The manifest after `current`; undefined when the inputs are not all there as they were, or holds have changed since: then
 * what was made is of no use.
 */
export function swapIn(
  current: Manifest,
  { entry, making }: MadeEntry,
  holds: readonly Hold[],
  now: Millis,
): NextManifest | undefined {
  const { inputs } = making.planned;
  const first = current.entries.findIndex(({ to }) => to === inputs[0]?.to);
  const there = current.entries.slice(first, first + inputs.length);
  if (first === -1 || there.length !== inputs.length) return undefined;
  if (!there.every((kept, index) => isSame(kept, inputs[index] as TimelineEntry))) return undefined;
  if (!sameHolds(current.holds, holds) || current.freeze !== null) return undefined;
  const generation = current.generation + 1;
  const retired = there
    .filter((input) => making.how === "merged" || input.to !== entry.to || hasMoreHeld(input, entry))
    .map((input): RetiredEntry => ({ entry: input, retiredAt: now, into: entry.id, generation }));
  return {
    ...current,
    written: now,
    entries: [...current.entries.slice(0, first), entry, ...current.entries.slice(first + inputs.length)],
    retired: [...current.retired, ...retired].sort((a, b) => a.entry.to - b.entry.to),
  };
}

/** Whether the input holds instants that no hold needed any more when the entry was made. */
function hasMoreHeld(input: TimelineEntry, made: TimelineEntry): boolean {
  const kept = new Set(made.held.map(({ to }) => to));
  return input.held.some(({ to }) => !kept.has(to));
}

function isSame(a: TimelineEntry, b: TimelineEntry): boolean {
  return nameOf(a) === nameOf(b);
}

/** All that tells an entry with its content from another. */
function nameOf(entry: TimelineEntry): string {
  const segments = entrySegments(entry).map(({ id }) => id);
  // A person may have acknowledged a mark meanwhile.
  const marks = JSON.stringify(entry.anomalies);
  return [entry.id, entry.level, entry.from, entry.lost.length, marks, ...segments].join();
}

function sameHolds(a: readonly Hold[], b: readonly Hold[]): boolean {
  return a.map(({ id }) => id).join() === b.map(({ id }) => id).join();
}
