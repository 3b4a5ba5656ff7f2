/**
 * Which databases exist and match: pages through all of them, whatever their number.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { matchesPattern as matchesName } from "../../model/pattern.ts";
import type { Discovered } from "../source.ts";
import type { CouchClient } from "./client.ts";
import type { DatabaseInfo } from "./database-info.ts";

/** Names per page of `_all_dbs`. */
const NAMES_PER_PAGE = 1_000;

/** CouchDB's own limit of `_dbs_info` (`max_db_number_for_dbs_info_req`). */
const INFOS_PER_REQUEST = 100;

/** As everywhere, but system databases (`_users`) match only patterns that begin with `_`. */
export function matchesPattern(name: string, pattern: string): boolean {
  if (name.startsWith("_") && !pattern.startsWith("_")) return false;
  return matchesName(pattern, name);
}

export async function* discoverDatabases(
  client: CouchClient,
  patterns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Discovered> {
  // Listing needs a server administrator; plain names can be looked up without.
  const names = patterns.every((pattern) => !pattern.includes("*"))
    ? onePage(new Set(patterns))
    : listedNames(client, patterns, signal);
  for await (const page of names) {
    for (let from = 0; from < page.length; from += INFOS_PER_REQUEST) {
      const chunk = page.slice(from, from + INFOS_PER_REQUEST);
      const infos = await readInfos(client, chunk, signal);
      for (const [at, info] of infos.entries()) {
        if (info !== undefined) yield discovered(chunk[at] as string, info);
      }
    }
  }
}

async function* onePage(names: ReadonlySet<string>): AsyncGenerator<string[]> {
  yield [...names];
}

async function* listedNames(
  client: CouchClient,
  patterns: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  let last: string | undefined;
  for (;;) {
    const page = await client.allDbs(
      { limit: NAMES_PER_PAGE, ...(last === undefined ? {} : { startKey: last }) },
      signal,
    );
    const fresh = page.filter((name) => name !== last);
    yield fresh.filter((name) => patterns.some((pattern) => matchesPattern(name, pattern)));
    // A server that ignores `limit` has sent everything at once.
    if (page.length !== NAMES_PER_PAGE || fresh.length === 0) return;
    last = page.at(-1);
  }
}

async function readInfos(
  client: CouchClient,
  names: readonly string[],
  signal: AbortSignal,
): Promise<(DatabaseInfo | undefined)[]> {
  if (names.length > 1) {
    try {
      return await client.dbsInfo(names, signal);
    } catch (error) {
      // `_dbs_info` came with CouchDB 2.2 and may be kept for administrators.
      const refused = [
        "source-not-found",
        "source-forbidden",
        "source-unauthorized",
        "source-protocol",
      ] as const;
      if (!isHoldfastError(error, ...refused)) throw error;
    }
  }
  const infos: (DatabaseInfo | undefined)[] = [];
  for (const name of names) infos.push(await infoIfThere(client, name, signal));
  return infos;
}

/** A database may be deleted between the list and the look. */
async function infoIfThere(
  client: CouchClient,
  name: string,
  signal: AbortSignal,
): Promise<DatabaseInfo | undefined> {
  try {
    return await client.database(name).info(signal);
  } catch (error) {
    if (isHoldfastError(error, "source-not-found")) return undefined;
    throw error;
  }
}

function discovered(collection: string, info: DatabaseInfo): Discovered {
  return {
    collection,
    identity: info.instanceStartTime,
    items: info.docCount + (info.docDelCount ?? 0),
    ...(info.externalBytes === undefined ? {} : { bytes: info.externalBytes }),
  };
}
