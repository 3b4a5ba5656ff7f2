/**
 * `_purge` and what can be read of past purges.
 */
import type { Database } from "./database.ts";
import { badRequest, methodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { parseRevisions } from "./query.ts";
import { removeLeaves } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";
import { requireDatabaseAdmin, requireServerAdmin } from "./user.ts";

export async function purge(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const body = await exchange.object();
  const wanted = Object.entries(body).map(([id, revs]) => ({ id, revisions: parseRevisions(revs) }));
  requireServerAdmin(exchange.user);
  state.limiter.admit("write", wanted.length);
  const purged = database.transaction(() =>
    wanted.map(({ id, revisions }) => `${quote(id)}:${list(purgeOne(database, id, revisions))}`),
  );
  await exchange.send(201, `{"purge_seq":null,"purged":{${purged.join(",")}}}`);
}

/** Removes leaves; the revisions that were removed. Every request is recorded, also one that removes nothing. */
function purgeOne(database: Database, id: string, revisions: readonly Revision[]): readonly Revision[] {
  const record = database.find(id);
  const { tree, removed } = removeLeaves(record?.tree ?? [], revisions);
  database.purgeSeq++;
  database.run(
    "INSERT INTO {purges} (purge, id, revs) VALUES (?, ?, ?)",
    database.purgeSeq,
    id,
    JSON.stringify(revisions.map(formatRevision)),
  );
  database.run("DELETE FROM {purges} WHERE purge <= ?", database.purgeSeq - database.purgedInfosLimit);
  if (record !== null && removed.length > 0) {
    for (const leaf of removed) database.removeBody(leaf.body);
    if (tree.length === 0) database.erase(record);
    else database.save(id, record, tree);
  }
  return removed;
}

function list(revisions: readonly Revision[]): string {
  return `[${revisions.map((revision) => quote(formatRevision(revision))).join(",")}]`;
}

export async function purgedInfos(
  exchange: Exchange,
  _state: ServerState,
  database: Database,
): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed("GET");
  const infos = database
    .all("SELECT id, revs FROM {purges} ORDER BY purge")
    .map((row) => `{"id":${quote(row["id"] as string)},"revs":${row["revs"] as string}}`);
  await exchange.send(200, `{"purged_infos":[${infos.join(",")}]}`);
}

export async function purgedInfosLimit(
  exchange: Exchange,
  _state: ServerState,
  database: Database,
): Promise<void> {
  if (exchange.method === "GET") {
    await exchange.send(200, String(database.purgedInfosLimit));
    return;
  }
  if (exchange.method !== "PUT") throw methodNotAllowed("GET,PUT");
  const limit = await exchange.value();
  if (typeof limit !== "number" || !Number.isInteger(limit) || limit < 1) {
    throw badRequest("`purged_infos_limit` must be positive integer");
  }
  requireDatabaseAdmin(exchange.user, database.security);
  database.purgedInfosLimit = limit;
  database.saveSettings();
  await exchange.send(200, '{"ok":true}');
}
