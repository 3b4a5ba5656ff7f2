/**
 * Versions of what the services list, and which of them are news: the body is the listing's element byte for byte, the state what of it
 * matters, so that bookkeeping alone makes no new version.
 */
import { sortableKey, type ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { CaptureEngine } from "../source.ts";
import { canonicalBytes } from "./canonical.ts";
import { GONE_STATE } from "./captures.ts";

/** States asked of the engine, and versions handed over, at once. */
const BATCH = 1_000;

/** `without`: members that the service moves by itself. `revision`: `updated` or `last_modified`, where the element has one. */
export function listedVersion(
  key: ItemKey,
  element: Buffer,
  { without = [], revision = "" }: { readonly without?: readonly string[]; readonly revision?: string } = {},
): CapturedVersion {
  return {
    key,
    kind: "live",
    revision,
    state: canonicalBytes(element, without),
    parts: [element],
    blobs: [],
  };
}

export function goneVersion(key: ItemKey): CapturedVersion {
  return { key, kind: "deleted", revision: "", state: GONE_STATE, parts: [], blobs: [] };
}

/** Those that the timeline does not hold already as its newest, in batches. */
export async function* newsOf(
  engine: CaptureEngine,
  versions: Iterable<CapturedVersion> | AsyncIterable<CapturedVersion>,
): AsyncGenerator<readonly CapturedVersion[]> {
  let batch: CapturedVersion[] = [];
  for await (const version of versions) {
    batch.push(version);
    if (batch.length < BATCH) continue;
    yield* unknownOf(engine, batch);
    batch = [];
  }
  yield* unknownOf(engine, batch);
}

async function* unknownOf(
  engine: CaptureEngine,
  batch: readonly CapturedVersion[],
): AsyncGenerator<readonly CapturedVersion[]> {
  if (batch.length === 0) return;
  const known = await engine.known(batch);
  const news = batch.filter((_, at) => known[at] !== true);
  if (news.length > 0) yield news;
}

/**
 * A deletion for each kept key under the prefix that was not seen, those that are deleted already included (`newsOf` leaves them out).
 * Undefined where the engine may not read its keys.
 */
export function missingUnder(
  engine: CaptureEngine,
  prefix: ItemKey,
  seen: (key: ItemKey) => boolean,
): AsyncIterable<CapturedVersion> | undefined {
  const kept = engine.keptKeys(prefix);
  return kept && missingOf(kept, seen);
}

async function* missingOf(
  kept: AsyncIterable<readonly ItemKey[]>,
  seen: (key: ItemKey) => boolean,
): AsyncGenerator<CapturedVersion> {
  for await (const keys of kept) for (const key of keys) if (!seen(key)) yield goneVersion(key);
}

/** A test whether a key is among these. */
export function amongKeys(versions: readonly CapturedVersion[]): (key: ItemKey) => boolean {
  const keys = new Set(versions.map(({ key }) => sortableKey(key)));
  return (key) => keys.has(sortableKey(key));
}
