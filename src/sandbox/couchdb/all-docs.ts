/**
 * `_all_docs` and its relatives, in the byte order of ids.
 */
import type { Attachment } from "./attachment-json.ts";
import type { Database, ListingRow } from "./database.ts";
import type { IdRange } from "./id-range.ts";
import { composeDocument } from "./document-view.ts";
import { badRequest, methodNotAllowed, queryParseError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { localRows } from "./local-documents.ts";
import type { Query } from "./query.ts";
import { parseRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";

const PAGE = 500;

interface Options {
  readonly keys: readonly unknown[] | undefined;
  readonly range: IdRange;
  readonly limit: number;
  readonly skip: number;
  readonly includeDocs: boolean;
  readonly conflicts: boolean;
  readonly attachments: boolean;
  readonly encodingInfo: boolean;
  readonly updateSeq: boolean;
}

/** `/{db}/_all_docs` */
export async function allDocs(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  await list(exchange, state, database, {}, database.docCount);
}

/** `/{db}/_design_docs` */
export async function designDocs(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const bounds = { first: "_design/", end: "_design0" };
  const range: IdRange = { from: bounds.first, to: bounds.end, inclusiveEnd: false, descending: false };
  await list(exchange, state, database, bounds, database.countDocuments(range));
}

/** `/{db}/_partition/{partition}/_all_docs` */
export async function partitionDocs(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  partition: string,
): Promise<void> {
  await list(exchange, state, database, { first: `${partition}:`, end: `${partition};` }, database.docCount);
}

/** `/{db}/_local_docs` */
export async function localDocs(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  const options = await readOptions(exchange);
  state.limiter.admit("query", 1);
  const all = localRows(database, options.includeDocs);
  let rows: string[];
  if (options.keys === undefined) {
    rows = all.filter(({ id }) => isInside(id, options.range)).map(({ row }) => row);
    if (options.range.descending) rows.reverse();
    rows = rows.slice(options.skip).slice(0, options.limit);
  } else {
    const byId = new Map(all.map(({ id, row }) => [id, row]));
    rows = options.keys.map(
      (key) => byId.get(String(key)) ?? `{"key":${JSON.stringify(key)},"error":"not_found"}`,
    );
  }
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write(`{"total_rows":null,"offset":null,"rows":[\r\n${rows.join(",\r\n")}\r\n]}\n`);
  await exchange.end();
}

function isInside(id: string, { from, to, inclusiveEnd, descending }: IdRange): boolean {
  const sign = descending ? -1 : 1;
  const compare = (bound: string): number => sign * Buffer.compare(Buffer.from(id), Buffer.from(bound));
  if (from !== undefined && compare(from) < 0) return false;
  return to === undefined || compare(to) < (inclusiveEnd ? 1 : 0);
}

/** `first` and `end` confine the listing; a client's own bounds narrow it further. */
interface Confines {
  readonly first?: string;
  readonly end?: string;
}

async function list(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  confines: Confines,
  total: number,
): Promise<void> {
  if (exchange.segments.at(-1) === "queries") {
    await listSeveral(exchange, state, database, confines, total);
    return;
  }
  const options = await readOptions(exchange);
  state.limiter.admit("query", 1);
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.writeAll(listing(database, options, confines, total));
  await exchange.write("\n");
  await exchange.end();
}

async function listSeveral(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  confines: Confines,
  total: number,
): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  const { queries } = await exchange.object();
  if (!Array.isArray(queries)) throw badRequest("POST body must include `queries` parameter.");
  const several = queries.map((query: Record<string, unknown>) => {
    const { keys, ...members } = query;
    return optionsOf(exchange.query.with(members), Array.isArray(keys) ? keys : undefined);
  });
  state.limiter.admit("query", several.length);
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write('{"results":[');
  for (const [i, options] of several.entries()) {
    await exchange.write(i === 0 ? "\n" : ",\n");
    await exchange.writeAll(listing(database, options, confines, total));
  }
  await exchange.write("\n]}\n");
  await exchange.end();
}

function* listing(
  database: Database,
  options: Options,
  confines: Confines,
  total: number,
): Generator<string> {
  const sequence = options.updateSeq
    ? `"update_seq":${quote(database.sequences.encode(database.updateSeq))},`
    : "";
  const range = confine(options.range, confines);
  const offset =
    options.keys === undefined ? Math.min(total, offsetOf(database, range, confines) + options.skip) : null;
  yield `{"total_rows":${total},"offset":${offset},${sequence}"rows":[\r\n`;
  const rows =
    options.keys === undefined
      ? rangeRows(database, range, options)
      : keyRows(database, options.keys, options);
  yield* separated(rows);
  yield "\r\n]}";
}

function confine(range: IdRange, { first, end }: Confines): IdRange {
  if (first === undefined || end === undefined) return range;
  if (range.descending) {
    return { ...range, from: lesser(range.from ?? end, end), to: greater(range.to ?? first, first) };
  }
  const to = lesser(range.to ?? end, end);
  return {
    ...range,
    from: greater(range.from ?? first, first),
    to,
    inclusiveEnd: range.inclusiveEnd && to !== end,
  };
}

function lesser(a: string, b: string): string {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0 ? a : b;
}

function greater(a: string, b: string): string {
  return lesser(a, b) === a ? b : a;
}

/** Rows of the whole listing that come before the range. */
function offsetOf(database: Database, range: IdRange, confines: Confines): number {
  if (range.from === undefined || range.from === confines.first) return 0;
  const before: IdRange = range.descending
    ? { from: undefined, to: range.from, inclusiveEnd: false, descending: true }
    : { from: confines.first, to: range.from, inclusiveEnd: false, descending: false };
  return database.countDocuments(before);
}

function* separated(rows: Iterable<string>): Generator<string> {
  let separator = "";
  for (const row of rows) {
    yield separator + row;
    separator = ",\r\n";
  }
}

function* rangeRows(database: Database, range: IdRange, options: Options): Generator<string> {
  let left = options.limit;
  let { skip } = options;
  let next = range;
  while (left > 0) {
    const wanted = Math.min(PAGE, left);
    const page = database.documents(next, wanted, skip, options.includeDocs);
    for (const row of page) yield rowText(database, row, options);
    const last = page.at(-1);
    if (last === undefined || page.length < wanted) return;
    left -= page.length;
    // The page's last id begins the next one, and is skipped there.
    next = { ...range, from: last[1] };
    skip = 1;
  }
}

function* keyRows(database: Database, keys: readonly unknown[], options: Options): Generator<string> {
  const ordered = options.range.descending ? keys.toReversed() : keys;
  for (const key of ordered.slice(options.skip).slice(0, options.limit)) {
    const row = typeof key === "string" ? database.listing(key, options.includeDocs) : undefined;
    yield row === undefined
      ? `{"key":${JSON.stringify(key)},"error":"not_found"}`
      : rowText(database, row, options);
  }
}

function rowText(database: Database, row: ListingRow, options: Options): string {
  const [, id, rev, deleted, , text, attachments] = row;
  const key = quote(id);
  const value = `{"rev":${quote(rev)}${deleted === 1 ? ',"deleted":true' : ""}}`;
  let document = "";
  if (options.includeDocs && deleted === 1) {
    document = ',"doc":null';
  } else if (options.includeDocs) {
    const leaf = { ...parseRevision(rev), deleted: false, body: 0, path: [] };
    const body = { text, attachments: attachments === null ? [] : (JSON.parse(attachments) as Attachment[]) };
    const record = options.conflicts ? database.find(id) : null;
    document = `,"doc":${composeDocument(database, id, leaf, body, options, record)}`;
  }
  return `{"id":${key},"key":${key},"value":${value}${document}}`;
}

async function readOptions(exchange: Exchange): Promise<Options> {
  if (exchange.method === "GET") {
    const text = exchange.query.json("keys");
    const keys = text === undefined ? undefined : (JSON.parse(text) as unknown);
    if (keys !== undefined && !Array.isArray(keys)) throw badRequest("`keys` parameter must be an array.");
    return optionsOf(exchange.query, keys as unknown[] | undefined);
  }
  if (exchange.method !== "POST") throw methodNotAllowed("GET,HEAD,POST");
  exchange.requireJson();
  const { keys, ...members } = await exchange.object();
  if (keys !== undefined && !Array.isArray(keys)) throw badRequest("`keys` body member must be an array.");
  return optionsOf(exchange.query.with(members), keys as unknown[] | undefined);
}

function optionsOf(query: Query, keys: readonly unknown[] | undefined): Options {
  if (query.isTrue("reduce")) throw queryParseError("Reduce is invalid for map-only views.");
  if (query.isTrue("group")) throw queryParseError("Invalid use of grouping on a map view.");
  const key = query.json("key");
  return {
    keys,
    range: {
      from: lowerBound(key ?? query.json("startkey") ?? query.json("start_key")),
      ...upperBound(
        key ?? query.json("endkey") ?? query.json("end_key"),
        key !== undefined || query.boolean("inclusive_end", true),
      ),
      descending: query.boolean("descending", false),
    },
    limit: query.count("limit", Number.MAX_SAFE_INTEGER),
    skip: query.count("skip", 0),
    includeDocs: query.boolean("include_docs", false),
    conflicts: query.boolean("conflicts", false),
    attachments: query.boolean("attachments", false),
    encodingInfo: query.boolean("att_encoding_info", false),
    updateSeq: query.boolean("update_seq", false),
  };
}

/** The string that the JSON text stands for; any other value bounds nothing from below. */
function lowerBound(text: string | undefined): string | undefined {
  return text?.startsWith('"') === true ? (JSON.parse(text) as string) : undefined;
}

/** Numbers and literals sort before every id and leave nothing; arrays and objects sort after and leave all. */
function upperBound(text: string | undefined, inclusiveEnd: boolean): Pick<IdRange, "to" | "inclusiveEnd"> {
  if (text === undefined || /^[[{]/.test(text)) return { to: undefined, inclusiveEnd };
  return text.startsWith('"')
    ? { to: JSON.parse(text) as string, inclusiveEnd }
    : { to: "", inclusiveEnd: false };
}
