/**
 * `/{db}` and its settings.
 */
import { isDatabaseAdmin, requireDatabaseAdmin, requireServerAdmin } from "./user.ts";
import { createDocument } from "./document-endpoints.ts";
import type { Database } from "./database.ts";
import { CouchError, badRequest, methodNotAllowed, missing, unauthorized } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { normaliseJson, quote } from "./json-text.ts";
import { innerBodies, withoutInnerBodies } from "./revision-tree.ts";
import type { RevisionTree } from "./revision-tree.ts";
import type { Attachment } from "./attachment-json.ts";
import type { ServerState } from "./state.ts";

/** `PUT /{db}` */
export async function createDatabase(exchange: Exchange, state: ServerState, name: string): Promise<void> {
  requireServerAdmin(exchange.user);
  const { query } = exchange;
  const partitioned = query.get("partitioned");
  if (partitioned !== undefined && partitioned !== "true" && partitioned !== "false") {
    throw badRequest("Invalid `partitioned` parameter");
  }
  const database = state.databases.create(name, {
    q: shardOption(query.get("q"), "q", state.q),
    n: shardOption(query.get("n"), "n", 1),
    partitioned: partitioned === "true",
  });
  const host = exchange.header("host") ?? "127.0.0.1";
  await exchange.send(201, '{"ok":true}', {
    Location: `http://${host}/${encodeURIComponent(database.name)}`,
  });
}

function shardOption(value: string | undefined, name: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (!/^[0-9]+$/.test(value) || Number(value) < 1) {
    throw badRequest(`The \`${name}\` value should be a positive integer.`);
  }
  return Number(value);
}

/** `DELETE /{db}` */
export async function deleteDatabase(exchange: Exchange, state: ServerState, name: string): Promise<void> {
  if (exchange.query.has("rev")) {
    throw badRequest(
      "You tried to DELETE a database with a ?=rev parameter. Did you mean to DELETE a document instead?",
    );
  }
  requireServerAdmin(exchange.user);
  state.databases.delete(name);
  await exchange.send(200, '{"ok":true}');
}

/** `GET` and `POST /{db}` */
export async function databaseRoot(
  exchange: Exchange,
  state: ServerState,
  database: Database,
): Promise<void> {
  if (exchange.method === "GET") await exchange.send(200, databaseInfo(database));
  else if (exchange.method === "POST") await createDocument(exchange, state, database);
  else throw methodNotAllowed("DELETE,GET,HEAD,POST");
}

/** The body of `GET /{db}`. */
export function databaseInfo(database: Database): string {
  const { q, n } = database;
  const quorum = Math.floor(n / 2) + 1;
  const info = {
    instance_start_time: String(database.created),
    db_name: database.name,
    purge_seq: database.sequences.encode(database.purgeSeq),
    update_seq: database.sequences.encode(database.updateSeq),
    sizes: {
      file: 8350 * q + Math.ceil(database.external * 1.3),
      external: database.external,
      active: Math.ceil(database.external * 1.1),
    },
    props: database.partitioned ? { partitioned: true } : {},
    doc_del_count: database.deletedCount,
    doc_count: database.docCount,
    disk_format_version: 8,
    compact_running: false,
    cluster: { q, n, w: quorum, r: quorum },
  };
  return JSON.stringify(info);
}

export async function security(exchange: Exchange, _state: ServerState, database: Database): Promise<void> {
  if (exchange.method === "GET") {
    await exchange.send(200, database.security);
    return;
  }
  if (exchange.method !== "PUT") throw methodNotAllowed("PUT,GET");
  const text = normaliseJson(await exchange.json((reader) => reader.value()));
  const value = JSON.parse(text) as unknown;
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw noMajority();
  for (const group of ["admins", "members"]) checkGroup((value as Record<string, unknown>)[group]);
  try {
    requireDatabaseAdmin(exchange.user, database.security);
  } catch {
    throw noMajority();
  }
  database.security = text;
  database.saveSettings();
  await exchange.send(200, '{"ok":true}');
}

/** A cluster reports every refusal of a security object as a write that too few shards accepted. */
function noMajority(): CouchError {
  return new CouchError(500, "error", "no_majority");
}

function checkGroup(group: unknown): void {
  if (group === undefined) return;
  if (typeof group !== "object" || group === null || Array.isArray(group)) throw noMajority();
  for (const list of ["names", "roles"]) {
    const value = (group as Record<string, unknown>)[list];
    if (value === undefined) continue;
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw noMajority();
  }
}

export async function revsLimit(exchange: Exchange, _state: ServerState, database: Database): Promise<void> {
  if (exchange.method === "GET") {
    await exchange.send(200, String(database.revsLimit));
    return;
  }
  if (exchange.method !== "PUT") throw methodNotAllowed("PUT,GET");
  const limit = await exchange.value();
  requireDatabaseAdmin(exchange.user, database.security);
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1) {
    throw new CouchError(500, "unknown_error", "function_clause");
  }
  database.revsLimit = limit;
  database.saveSettings();
  await exchange.send(200, '{"ok":true}');
}

export async function ensureFullCommit(
  exchange: Exchange,
  _state: ServerState,
  database: Database,
): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  await exchange.body();
  await exchange.send(201, `{"ok":true,"instance_start_time":"${database.created}"}`);
}

/** Compaction is done when the answer goes out: what it removes is gone for certain. */
export async function compact(exchange: Exchange, _state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  await exchange.body();
  if (!isDatabaseAdmin(exchange.user, database.security)) {
    throw unauthorized("You are not a server or db admin.");
  }
  if (exchange.segments.length > 2) {
    const name = `_design/${exchange.segments[2] ?? ""}`;
    if (database.find(name) === null) throw missing();
  } else {
    compactBodies(database);
  }
  await exchange.send(202, '{"ok":true}');
}

export async function viewCleanup(exchange: Exchange): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  await exchange.send(202, '{"ok":true}');
}

function compactBodies(database: Database): void {
  database.transaction(() => {
    for (const row of database.all("SELECT doc, tree FROM {docs} WHERE tree LIKE '%\"children\":[{%'")) {
      const tree = JSON.parse(row["tree"] as string) as RevisionTree;
      const stale = innerBodies(tree);
      if (stale.length === 0) continue;
      for (const body of stale) database.removeBody(body);
      database.replaceTree(row["doc"] as number, withoutInnerBodies(tree));
    }
    const used = new Set<number>();
    for (const row of database.all("SELECT attachments FROM {bodies} WHERE attachments IS NOT NULL")) {
      for (const { data } of JSON.parse(row["attachments"] as string) as Attachment[]) used.add(data);
    }
    for (const row of database.all("SELECT DISTINCT data FROM {parts}")) {
      const data = row["data"] as number;
      if (!used.has(data)) database.attachments.remove(data);
    }
  });
}

export async function shards(exchange: Exchange, _state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed("GET");
  const ranges = shardRanges(database.q).map((range) => [range, ["couchdb@127.0.0.1"]] as const);
  const [, , id] = exchange.segments;
  if (id === undefined) {
    await exchange.send(200, JSON.stringify({ shards: Object.fromEntries(ranges) }));
    return;
  }
  const [range, nodes] = ranges[Buffer.byteLength(id) % ranges.length] ?? ["00000000-ffffffff", []];
  await exchange.send(200, JSON.stringify({ range, nodes }));
}

function shardRanges(q: number): string[] {
  const width = Math.floor(2 ** 32 / q);
  return Array.from({ length: q }, (_, i) => {
    const end = i === q - 1 ? 2 ** 32 - 1 : (i + 1) * width - 1;
    return `${hex(i * width)}-${hex(end)}`;
  });
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** `GET /{db}/_partition/{partition}` */
export async function partitionInfo(
  exchange: Exchange,
  database: Database,
  partition: string,
): Promise<void> {
  if (!database.partitioned) throw badRequest("database is not partitioned");
  const bounds = [`${partition}:`, `${partition};`] as const;
  const sizes = database.get(
    "SELECT coalesce(sum(length(CAST(b.text AS BLOB)) + 2), 0) AS external, count(*) AS docs FROM {docs} d JOIN {bodies} b ON b.body = d.body" +
      " WHERE d.id >= ? AND d.id < ? AND d.deleted = 0",
    ...bounds,
  );
  const deleted = database.get(
    "SELECT count(*) AS docs FROM {docs} WHERE id >= ? AND id < ? AND deleted = 1",
    ...bounds,
  );
  const external = Number(sizes?.["external"] ?? 0);
  const docs = Number(sizes?.["docs"] ?? 0);
  await exchange.send(
    200,
    `{"db_name":${quote(database.name)},"sizes":{"active":${external + 53 * docs},"external":${external}},` +
      `"partition":${quote(partition)},"doc_count":${docs},"doc_del_count":${Number(deleted?.["docs"] ?? 0)}}`,
  );
}
