/**
 * The parts of a database that are not in its feed: security object, settings, `_local` documents. They have no
 * sequence, so they are read in every run and handed over when they differ from what is kept.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { keyOf } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import type { CouchDatabase } from "../database.ts";
import type { DatabaseInfo } from "../database-info.ts";
import { memberNames, memberText } from "../document-text.ts";
import { LOCAL_PREFIX, SECURITY_KEY, SETTINGS_KEY, settingsText, textVersion } from "../items.ts";
import { MARKER_PREFIX } from "../marker.ts";

/** Rows per page of `_local_docs`. */
const LOCAL_PAGE = 500;

/** What servers keep in `_local` for themselves. */
const INTERNAL_PREFIXES = [MARKER_PREFIX, "shard-sync-", "purge-"];

/** Undefined where the server has no security objects or does not show this one. */
export async function securityVersion(
  database: CouchDatabase,
  signal: AbortSignal,
): Promise<CapturedVersion | undefined> {
  try {
    return textVersion(SECURITY_KEY, await database.security(signal));
  } catch (error) {
    if (isHoldfastError(error, "source-not-found", "source-forbidden", "source-unauthorized"))
      return undefined;
    throw error;
  }
}

export async function settingsVersion(
  database: CouchDatabase,
  info: DatabaseInfo,
  purgedInfosLimit: number | undefined,
  signal: AbortSignal,
): Promise<CapturedVersion> {
  const revsLimit = await database.revsLimit(signal);
  return textVersion(
    SETTINGS_KEY,
    settingsText({
      partitioned: info.partitioned,
      ...(info.q === undefined ? {} : { q: info.q }),
      ...(info.n === undefined ? {} : { n: info.n }),
      ...(revsLimit === undefined ? {} : { revs_limit: revsLimit }),
      ...(purgedInfosLimit === undefined ? {} : { purged_infos_limit: purgedInfosLimit }),
    }),
  );
}

/** All `_local` documents that somebody wrote for themselves, a page at a time; undefined where they cannot be listed. */
export async function* localVersions(
  database: CouchDatabase,
  signal: AbortSignal,
): AsyncGenerator<CapturedVersion[]> {
  let startKey: string | undefined;
  for (;;) {
    const page = await database.localDocs(
      { limit: LOCAL_PAGE, includeDocs: true, ...(startKey === undefined ? {} : { startKey, skip: 1 }) },
      signal,
    );
    yield page.rows.flatMap(({ id, doc, rev }) =>
      doc === undefined || !isOwn(id, doc) ? [] : [textVersion(keyOf(id), doc, rev ?? "")],
    );
    const last = page.rows.at(-1);
    if (last === undefined || page.rows.length < LOCAL_PAGE) return;
    startKey = last.id;
  }
}

/** Neither ours, nor the server's, nor a replication checkpoint: putting a checkpoint back would lose changes. */
function isOwn(id: string, doc: Buffer): boolean {
  const name = id.slice(LOCAL_PREFIX.length);
  if (INTERNAL_PREFIXES.some((prefix) => name.startsWith(prefix))) return false;
  const names = new Set(memberNames(doc));
  const checkpoint =
    names.has("session_id") && ["history", "source_last_seq", "last_seq"].some((name_) => names.has(name_));
  return !checkpoint;
}

/** The present version of one `_local` document. */
export async function localVersion(
  database: CouchDatabase,
  id: string,
  signal: AbortSignal,
): Promise<CapturedVersion | undefined> {
  const text = await database.getLocal(id.slice(LOCAL_PREFIX.length), signal);
  if (text === undefined) return undefined;
  const rev = memberText(text, "_rev");
  return textVersion(keyOf(id), text, rev === undefined ? "" : (JSON.parse(rev.toString("utf8")) as string));
}
