/**
 * `_find`, `_explain` and `_index`, as far as a backup tool meets them: every query reads all documents and matches in memory.
 */
import { createHash } from "node:crypto";

import type { Attachment } from "./attachment-json.ts";
import type { Database } from "./database.ts";
import { composeDocument } from "./document-view.ts";
import { store } from "./document-endpoints.ts";
import { openOne } from "./document-reading.ts";
import { CouchError, methodNotAllowed, missing } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { JsonReader, quote, unquote } from "./json-text.ts";
import { parseRevision } from "./revision.ts";
import { fieldOf, matchesSelector, sortBySelector, unknownOperator } from "./selector.ts";
import type { ServerState } from "./state.ts";

const DEFAULT_LIMIT = 25;
const PAGE = 500;

const KEYS = new Set(
  "selector fields sort limit skip conflicts bookmark use_index r update stable stale execution_stats allow_fallback partition".split(
    " ",
  ),
);

interface FindRequest {
  readonly selector: Readonly<Record<string, unknown>>;
  readonly fields: readonly string[] | undefined;
  readonly sort: readonly unknown[];
  readonly limit: number;
  readonly skip: number;
  readonly conflicts: boolean;
}

/** `partition`: only documents of one partition. */
export async function find(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  partition?: string,
): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const request = readRequest(await exchange.object());
  state.limiter.admit("query", 1);
  const found = [...matches(database, request, partition)];
  const ordered = request.sort.length === 0 ? found : sorted(found, request.sort);
  const page = ordered.slice(request.skip, request.skip + request.limit);
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write('{"docs":[\r\n');
  await exchange.write(page.map(({ text }) => projected(text, request.fields)).join(",\r\n"));
  if (page.length > 0) await exchange.write("\r\n");
  const bookmark = page.length === 0 ? "nil" : Buffer.from(page.at(-1)?.id ?? "").toString("base64url");
  const warning = '"warning": "No matching index found, create an index to optimize query time."';
  await exchange.write(`],\r\n"bookmark": ${quote(bookmark)},\r\n${warning}}\r\n\n`);
  await exchange.end();
}

export async function explain(exchange: Exchange, _state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const body = await exchange.object();
  const { selector, limit, skip, fields } = readRequest(body);
  await exchange.send(
    200,
    JSON.stringify({
      dbname: database.name,
      index: { ddoc: null, name: "_all_docs", type: "special", def: { fields: [{ _id: "asc" }] } },
      partitioned: database.partitioned,
      selector,
      opts: body,
      limit,
      skip,
      fields: fields ?? [],
    }),
  );
}

function readRequest(body: Record<string, unknown>): FindRequest {
  const { selector, fields, sort, limit, skip, conflicts } = body;
  const strange = Object.keys(body).find((key) => !KEYS.has(key));
  if (strange !== undefined) {
    throw new CouchError(400, "invalid_key", `Invalid key ${strange} for this request.`);
  }
  if (selector === undefined)
    throw new CouchError(400, "missing_required_key", "Missing required key: selector");
  if (typeof selector !== "object" || selector === null || Array.isArray(selector)) {
    throw new CouchError(
      400,
      "invalid_selector_json",
      `Selector must be a JSON object, not: ${JSON.stringify(selector)}`,
    );
  }
  const bad = unknownOperator(selector);
  if (bad !== undefined) throw new CouchError(400, "invalid_operator", `Invalid operator: ${bad}`);
  return {
    selector: selector as Record<string, unknown>,
    fields: Array.isArray(fields) ? fields.map(String) : undefined,
    sort: Array.isArray(sort) ? sort : [],
    limit: countOf(limit, DEFAULT_LIMIT),
    skip: countOf(skip, 0),
    conflicts: conflicts === true,
  };
}

function countOf(value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
    const reason = `${JSON.stringify(value)} is not an integer greater than or equal to zero`;
    throw new CouchError(400, "invalid_non_neg_integer", reason);
  }
  return value;
}

interface Match {
  readonly id: string;
  readonly text: string;
  readonly doc: Record<string, unknown>;
}

function* matches(database: Database, request: FindRequest, partition: string | undefined): Generator<Match> {
  const range = {
    from: partition === undefined ? undefined : `${partition}:`,
    to: partition === undefined ? undefined : `${partition};`,
    inclusiveEnd: false,
    descending: false,
  };
  let from: string | undefined = range.from;
  let skip = 0;
  // Without an order to establish, reading stops as soon as the page is full.
  let wanted = request.sort.length === 0 ? request.skip + request.limit : Number.POSITIVE_INFINITY;
  while (wanted > 0) {
    const page = database.documents({ ...range, from }, PAGE, skip, true);
    for (const [, id, rev, , , body, attachments] of page) {
      if (id.startsWith("_design/")) continue;
      const leaf = { ...parseRevision(rev), deleted: false, body: 0, path: [] };
      const stored = {
        text: body,
        attachments: attachments === null ? [] : (JSON.parse(attachments) as Attachment[]),
      };
      const record = request.conflicts ? database.find(id) : null;
      const text = composeDocument(database, id, leaf, stored, { conflicts: request.conflicts }, record);
      const doc = JSON.parse(text) as Record<string, unknown>;
      if (!matchesSelector(doc, request.selector)) continue;
      yield { id, text, doc };
      if (--wanted <= 0) return;
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    from = last[1];
    skip = 1;
  }
}

function sorted(found: Match[], sort: readonly unknown[]): Match[] {
  const byDoc = new Map<unknown, Match>(found.map((match) => [match.doc, match]));
  return sortBySelector(
    found.map(({ doc }) => doc),
    sort,
  ).flatMap((doc) => byDoc.get(doc) ?? []);
}

/** The members named, each as it is spelt in the document; a dotted path makes the objects on its way. */
function projected(text: string, fields: readonly string[] | undefined): string {
  if (fields === undefined || fields.length === 0) return text;
  const { names, values } = new JsonReader(text).members();
  const byName = new Map(names.map((name, i) => [unquote(name), values[i] ?? ""]));
  const doc = JSON.parse(text) as Record<string, unknown>;
  const members = fields.flatMap((field) => {
    const direct = byName.get(field);
    if (direct !== undefined) return [`${quote(field)}:${direct}`];
    const value = fieldOf(doc, field);
    if (value === undefined) return [];
    const path = field.split(".");
    const nested = path
      .slice(1)
      .reduceRight((inner, name) => `{${quote(name)}:${inner}}`, JSON.stringify(value));
    return [`${quote(path[0] ?? "")}:${nested}`];
  });
  return `{${members.join(",")}}`;
}

export async function indexes(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  if (exchange.method === "GET") await listIndexes(exchange, database);
  else if (exchange.method === "POST") await createIndex(exchange, state, database);
  else if (exchange.method === "DELETE") await deleteIndex(exchange, state, database);
  else throw methodNotAllowed("GET,POST");
}

interface IndexView {
  readonly map?: { readonly fields?: Readonly<Record<string, string>> };
  readonly options?: { readonly def?: unknown };
}

async function listIndexes(exchange: Exchange, database: Database): Promise<void> {
  const list: unknown[] = [
    { ddoc: null, name: "_all_docs", type: "special", def: { fields: [{ _id: "asc" }] } },
  ];
  const range = { from: "_design/", to: "_design0", inclusiveEnd: false, descending: false };
  for (const [, id, , , , text] of database.documents(range, 10_000, 0, true)) {
    const doc = JSON.parse(`{${text}}`) as { language?: string; views?: Record<string, IndexView> };
    if (doc.language !== "query") continue;
    for (const [name, view] of Object.entries(doc.views ?? {})) {
      const fields = Object.entries(view.map?.fields ?? {}).map(([field, order]) => ({ [field]: order }));
      list.push({ ddoc: id, name, type: "json", partitioned: database.partitioned, def: { fields } });
    }
  }
  await exchange.send(200, JSON.stringify({ total_rows: list.length, indexes: list }));
}

async function createIndex(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  exchange.requireJson();
  const { index, ddoc, name } = await exchange.object();
  const given = (index as { fields?: unknown } | undefined)?.fields;
  if (!Array.isArray(given)) throw new CouchError(400, "missing_required_key", "Missing required key: index");
  const fields = given.map((field: unknown) =>
    typeof field === "string" ? { [field]: "asc" } : (field as Record<string, string>),
  );
  const digest = createHash("sha1").update(JSON.stringify(fields)).digest("hex");
  const id = `_design/${typeof ddoc === "string" ? ddoc.replace(/^_design\//, "") : digest}`;
  const viewName = typeof name === "string" ? name : digest;
  const view = {
    map: { fields: Object.assign({}, ...fields) as Record<string, string>, partial_filter_selector: {} },
    reduce: "_count",
    options: { def: { fields: given } },
  };
  const known = database.find(id);
  const alive = known !== null && !known.deleted;
  const body = alive
    ? (JSON.parse(`{${database.body(openOne(database, id, undefined).leaf.body).text}}`) as {
        views?: object;
      })
    : {};
  const exists = Object.hasOwn(body.views ?? {}, viewName);
  if (!exists) {
    const revision = alive ? parseRevision(known.rev) : undefined;
    store(
      exchange,
      state,
      database,
      {
        id,
        revisions: { start: revision?.position ?? 0, ids: revision === undefined ? [] : [revision.hash] },
        deleted: false,
        body: JSON.stringify({ language: "query", views: { ...body.views, [viewName]: view } }),
        attachments: [],
      },
      true,
    );
  }
  await exchange.send(200, JSON.stringify({ result: exists ? "exists" : "created", id, name: viewName }));
}

/** `DELETE /{db}/_index/{ddoc}/json/{name}` removes the whole design document: one index each is what `_index` makes. */
async function deleteIndex(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const segments = exchange.segments.slice(2).filter((segment) => segment !== "_design");
  const id = `_design/${(segments[0] ?? "").replace(/^_design\//, "")}`;
  const record = database.find(id);
  if (record === null || record.deleted) throw missing();
  const { position, hash } = parseRevision(record.rev);
  store(
    exchange,
    state,
    database,
    { id, revisions: { start: position, ids: [hash] }, deleted: true, body: "{}", attachments: [] },
    true,
  );
  await exchange.send(200, '{"ok":true}');
}
