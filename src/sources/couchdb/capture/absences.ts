/**
 * What no feed tells: documents that were purged, that is forgotten without a tombstone. Never concluded from silence:
 * each one is confirmed by asking for it.
 */
import { keyOf, keyText, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine } from "../../source.ts";
import type { CouchDatabase } from "../database.ts";
import { isDocumentKey, LOCAL_PREFIX, PURGED_STATE, purgedVersion } from "../items.ts";
import type { RevisionReader } from "./revision-reader.ts";

/** Ids per `_all_docs` request: about 100 KiB of answer. */
const KEYS_PER_REQUEST = 1_000;

/** Entries that CouchDB's list of purges holds unless it was told otherwise. */
export const DEFAULT_PURGED_INFOS_LIMIT = 1_000;

/**
 * Ids named by the server's list of recent purges; undefined when the list cannot be had or is full, so that older ones
 * may have fallen out of it.
 */
export async function recentPurges(
  database: CouchDatabase,
  listLimit: number | undefined,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const infos = await database.purgedInfos(signal);
  if (infos === undefined || infos.length >= (listLimit ?? DEFAULT_PURGED_INFOS_LIMIT)) return undefined;
  return [...new Set(infos.map(({ id }) => id))];
}

/** Purged versions for those of the ids that are really gone and not kept as purged already; in key order. */
export async function confirmPurged(
  ids: readonly string[],
  reader: RevisionReader,
  engine: CaptureEngine,
  signal: AbortSignal,
): Promise<CapturedVersion[]> {
  const known = await engine.known(ids.map((id) => ({ key: keyOf(id), state: PURGED_STATE })));
  const absent = await reader.absent(
    ids.filter((_, at) => known[at] !== true),
    signal,
  );
  return [...absent].map((id) => purgedVersion(keyOf(id))).sort((a, b) => Buffer.compare(a.key, b.key));
}

/**
 * Compares every kept key with the database. Yields purged versions in key order. `localIds`: `_local` documents that
 * exist; undefined when they were not listed.
 */
export async function* findAbsent(
  kept: AsyncIterable<readonly ItemKey[]>,
  localIds: ReadonlySet<string> | undefined,
  database: CouchDatabase,
  reader: RevisionReader,
  signal: AbortSignal,
): AsyncGenerator<CapturedVersion[]> {
  for await (const keys of kept) {
    for (let from = 0; from < keys.length; from += KEYS_PER_REQUEST) {
      const chunk = keys.slice(from, from + KEYS_PER_REQUEST);
      const ids = chunk.filter(isDocumentKey).map(keyText);
      const rows = ids.length === 0 ? [] : (await database.allDocs({ keys: ids }, signal)).rows;
      const present = new Set(rows.flatMap((row) => (row.rev === undefined ? [] : [row.id])));
      const absent = await reader.absent(
        ids.filter((id) => !present.has(id)),
        signal,
      );
      const lostLocals = chunk.filter((key) => {
        const id = keyText(key);
        return localIds !== undefined && id.startsWith(LOCAL_PREFIX) && !localIds.has(id);
      });
      const purged = [...absent].map(keyOf).concat(lostLocals).map(purgedVersion);
      if (purged.length > 0) yield purged.sort((a, b) => Buffer.compare(a.key, b.key));
    }
  }
}
