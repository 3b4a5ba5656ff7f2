/**
 * Of everything that a capture finds, what the timeline does not have already: new states, and deletions of what it has and the service has
 * not any more.
 */
import { sortableKey, type ItemKey } from "../model/key.ts";
import type { CapturedVersion } from "../model/version.ts";
import type { CaptureEngine } from "./source.ts";

/**
 * The state of everything that is gone, items and captures alike: a second deletion is no news, whoever asked for it. No canonical text of an
 * object equals it.
 */
export const GONE_STATE = Buffer.from("gone", "utf8");

/** States asked of the engine, and versions handed over, at once. */
const BATCH = 1_000;

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
