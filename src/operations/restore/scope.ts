/**
 * Which items a restore or compare is about, as the source reads them.
 */
import { HoldfastError } from "../../model/errors.ts";
import { compareKeys, keyAfterPrefix, keyOf, type ItemKey } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { traitsOf, type KindTraits, type SourceKind } from "../../sources/kinds.ts";
import type { VersionReader } from "../../sources/source.ts";
import { newestEntry } from "../../repository/manifest.ts";
import type { KeyRange } from "../../repository/segment/segment-scan.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import type { View } from "../../timeline/view.ts";

/** At most one of these; none: everything. */
export interface Scope {
  readonly items?: readonly string[];
  readonly prefix?: string;
  readonly partition?: string;
  /** A Mango selector on each item's winning body. */
  readonly selector?: unknown;
}

/** Items looked up at a time. */
const LOOKUP_BATCH = 100;

export function isWhole(scope: Scope): boolean {
  return Object.values(scope).every((part) => part === undefined);
}

/** The scope's versions at the view's instant. Errors: `usage` for a scope that makes no sense. */
export function scopeReader(
  timeline: Timeline,
  view: View,
  scope: Scope,
  signal: AbortSignal,
): VersionReader {
  const named = Object.values(scope).filter((part) => part !== undefined).length;
  if (named > 1) {
    throw new HoldfastError("usage", "Choose items, a prefix, a partition or a selector: only one of them.");
  }
  const traits = traitsOf(timeline.manifest.source.kind as SourceKind);
  return {
    versions: chooser(view, scope, traits, signal),
    find: finder(timeline, view, traits, signal),
    blob: (ref) => timeline.blobs.stream(ref, signal),
    within: (prefix) => view.scanPresent(rangeOf(prefix), signal),
    contains: async (keys) => view.contains(keys, signal),
  };
}

/**
 * Looks at the instant, and where nothing was known then, at what was learned of it later. `traits`: undefined for a kind that this version
 * does not know.
 */
function finder(
  timeline: Timeline,
  view: View,
  traits: KindTraits | undefined,
  signal: AbortSignal,
): VersionReader["find"] {
  const tellsOfEarlier = traits?.tellsOfEarlier;
  if (tellsOfEarlier === undefined) return async (keys) => view.findPresent(keys, signal);
  const newest = timeline.at(newestEntry(timeline.manifest).to);
  return async (keys) => {
    const found = await view.findPresent(keys, signal);
    const unknown = keys.filter((_key, index) => found[index] === undefined);
    if (unknown.length === 0) return found;
    const later = await newest.findPresent(unknown, signal);
    const learned = later.filter((version) => version?.kind === "live" && tellsOfEarlier(version));
    return keys.map((key, index) => found[index] ?? learned.find((version) => version?.key.equals(key)));
  };
}

function chooser(
  view: View,
  scope: Scope,
  traits: KindTraits,
  signal: AbortSignal,
): VersionReader["versions"] {
  if (scope.items !== undefined) {
    const keys = scope.items.map(keyOf).sort(compareKeys);
    return () => lookUp(view, keys, signal);
  }
  if (scope.prefix !== undefined) return data(view, prefixRange(scope.prefix), traits, signal);
  if (scope.partition !== undefined) {
    const { from, before } = traits.partition(scope.partition);
    return data(view, before === undefined ? { from } : { from, before }, traits, signal);
  }
  if (scope.selector !== undefined) {
    const matches = traits.selector(scope.selector);
    const isChosen = (version: Version): boolean =>
      version.kind === "live" && version.parts[0] !== undefined && matches(version.parts[0]);
    return data(view, {}, traits, signal, isChosen);
  }
  return () => view.scanPresent({}, signal);
}

async function* lookUp(
  view: View,
  keys: readonly ItemKey[],
  signal: AbortSignal,
): AsyncGenerator<readonly Version[]> {
  const distinct = keys.filter((key, index) => index === 0 || !key.equals(keys[index - 1] as ItemKey));
  for (let start = 0; start < distinct.length; start += LOOKUP_BATCH) {
    const batch = distinct.slice(start, start + LOOKUP_BATCH);
    const found = await view.findPresent(batch, signal);
    const present = found.filter((version): version is Version => version !== undefined);
    if (present.length > 0) yield present;
  }
}

/** A part of the collection's data: settings belong to the whole only. */
function data(
  view: View,
  range: KeyRange,
  traits: KindTraits,
  signal: AbortSignal,
  isChosen: (version: Version) => boolean = () => true,
): VersionReader["versions"] {
  return async function* chosen() {
    for await (const batch of view.scanPresent(range, signal)) {
      const versions = batch.filter((version) => !traits.isSetting(version.key) && isChosen(version));
      if (versions.length > 0) yield versions;
    }
  };
}

/** All keys that start with the text. */
export function prefixRange(prefix: string | undefined): KeyRange {
  if (prefix === undefined || prefix === "") return {};
  return rangeOf(keyOf(prefix));
}

function rangeOf(from: ItemKey): KeyRange {
  const before = keyAfterPrefix(from);
  return before === undefined ? { from } : { from, before };
}
