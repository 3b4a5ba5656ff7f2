/**
 * From method and path to the endpoint, past the rights that the database asks for.
 */
import { allDocs, designDocs, localDocs, partitionDocs } from "./all-docs.ts";
import { attachment } from "./attachment-endpoints.ts";
import { bulkDocs } from "./bulk-docs.ts";
import { bulkGet } from "./bulk-get.ts";
import { changes } from "./changes.ts";
import {
  compact,
  createDatabase,
  databaseRoot,
  deleteDatabase,
  ensureFullCommit,
  partitionInfo,
  revsLimit,
  security,
  shards,
  viewCleanup,
} from "./database-endpoints.ts";
import type { Database } from "./database.ts";
import { document } from "./document-endpoints.ts";
import { CouchError, badRequest, missing } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { explain, find, indexes } from "./find.ts";
import { purge, purgedInfos, purgedInfosLimit } from "./purge.ts";
import { missingRevs, revsDiff } from "./revs-diff.ts";
import { activeTasks, allDbs, dbsInfo, sandboxSwitches, up, uuids, welcome } from "./server-endpoints.ts";
import { identityToken, session } from "./session-endpoints.ts";
import type { DatabaseEndpoint, ServerState } from "./state.ts";
import { requireMember, requireServerAdmin } from "./user.ts";

type ServerEndpoint = (exchange: Exchange, state: ServerState) => Promise<void>;

const SERVER: ReadonlyMap<string, ServerEndpoint> = new Map<string, ServerEndpoint>([
  ["", welcome],
  ["_up", up],
  ["_uuids", uuids],
  ["_active_tasks", activeTasks],
  ["_all_dbs", allDbs],
  ["_dbs_info", dbsInfo],
  ["_session", session],
  ["_sandbox", sandboxSwitches],
]);

const DATABASE: ReadonlyMap<string, DatabaseEndpoint> = new Map<string, DatabaseEndpoint>([
  ["_all_docs", allDocs],
  ["_bulk_docs", bulkDocs],
  ["_bulk_get", bulkGet],
  ["_changes", changes],
  ["_compact", compact],
  ["_design_docs", designDocs],
  ["_ensure_full_commit", ensureFullCommit],
  ["_explain", explain],
  ["_find", find],
  ["_index", indexes],
  ["_local_docs", localDocs],
  ["_missing_revs", missingRevs],
  ["_purge", purge],
  ["_purged_infos", purgedInfos],
  ["_purged_infos_limit", purgedInfosLimit],
  ["_revs_diff", revsDiff],
  ["_revs_limit", revsLimit],
  ["_security", security],
  ["_shards", shards],
  ["_view_cleanup", viewCleanup],
]);

const SYSTEM_DATABASES = new Set(["_users", "_replicator", "_global_changes"]);

/** Answers the request. Throws CouchError for whatever is to be answered with an error. */
export async function route(exchange: Exchange, state: ServerState): Promise<void> {
  const [first = "", second] = exchange.segments;
  if (first === "identity" && second === "token") {
    await identityToken(exchange, state);
    return;
  }
  const server = SERVER.get(first);
  if (server !== undefined) {
    await server(exchange, state);
    return;
  }
  // Cloudant has the security object at a second address.
  if (
    first === "_api" &&
    second === "v2" &&
    exchange.segments[2] === "db" &&
    exchange.segments[4] === "_security"
  ) {
    const database = openFor(exchange, state, exchange.segments[3] ?? "");
    await security(exchange, state, database);
    return;
  }
  if (first.startsWith("_") && !SYSTEM_DATABASES.has(first)) {
    requireServerAdmin(exchange.user);
    throw missing("Database does not exist.");
  }
  await routeDatabase(exchange, state, first);
}

async function routeDatabase(exchange: Exchange, state: ServerState, name: string): Promise<void> {
  const [, second] = exchange.segments;
  if (second === undefined) {
    if (exchange.method === "PUT") return createDatabase(exchange, state, name);
    if (exchange.method === "DELETE") return deleteDatabase(exchange, state, name);
  }
  const database = openFor(exchange, state, name);
  if (second === undefined) return databaseRoot(exchange, state, database);
  const endpoint = DATABASE.get(second);
  if (endpoint !== undefined) return endpoint(exchange, state, database);
  if (second === "_partition") return routePartition(exchange, state, database);
  return routeDocument(exchange, state, database);
}

/** Throws 404 for a database that is not, 401 or 403 for one that is closed to the caller. */
function openFor(exchange: Exchange, state: ServerState, name: string): Database {
  const database = state.databases.open(name);
  requireMember(exchange.user, database.security);
  return database;
}

async function routePartition(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const [, , partition, what] = exchange.segments;
  if (partition?.startsWith("_") === true) {
    throw new CouchError(400, "illegal_partition", "Partition must not start with an underscore");
  }
  if (partition === undefined) throw badRequest("invalid_partition_req");
  if (!database.partitioned) throw badRequest("database is not partitioned");
  switch (what) {
    case undefined:
      return partitionInfo(exchange, database, partition);
    case "_all_docs":
      return partitionDocs(exchange, state, database, partition);
    case "_find":
      return find(exchange, state, database, partition);
    default:
      throw missing();
  }
}

/** `_design/x` and `_local/x` may come with a slash or with `%2F`; what follows the id names an attachment. */
async function routeDocument(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const [, second = "", ...rest] = exchange.segments;
  const reserved = second === "_design" || second === "_local";
  if (second === "_local" && (rest[0] ?? "") === "") throw badRequest("Invalid _local document id.");
  const id = reserved ? `${second}/${rest.shift() ?? ""}` : second;
  // An unknown reserved word is looked for as a document that cannot exist, unless somebody tries to write it.
  if (
    second.startsWith("_") &&
    !reserved &&
    !/^_(?:design|local)\//.test(second) &&
    exchange.method === "GET"
  ) {
    throw missing();
  }
  if (second.startsWith("_design/") && exchange.method === "GET" && rest.length > 0) {
    // What lies below a design document has one address only.
    const path = [database.name, ...exchange.rawSegments.slice(1)]
      .join("/")
      .replace(/_design%2f/i, "_design/");
    const host = exchange.header("host") ?? "127.0.0.1";
    return exchange.sendBytes(301, Buffer.alloc(0), { Location: `http://${host}/${path}` });
  }
  if (id.startsWith("_local/") && rest.length > 0) {
    throw badRequest("_local documents do not accept attachments.");
  }
  if (rest.length === 0) return document(exchange, state, database, id);
  if (id.startsWith("_design/") && rest[0]?.startsWith("_") === true) {
    // Views, lists and their like are not built here.
    throw missing(database.find(id) === null ? "missing" : "missing_named_view");
  }
  return attachment(exchange, state, database, id, rest.join("/"));
}
