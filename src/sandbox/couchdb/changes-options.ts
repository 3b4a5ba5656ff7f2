/**
 * The parameters of `_changes`, with the refusals CouchDB has for them.
 */
import type { Database } from "./database.ts";
import { CouchError, badRequest } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { unknownOperator } from "./selector.ts";

export type FeedKind = "normal" | "longpoll" | "continuous" | "eventsource";

export type FeedFilter =
  | { readonly kind: "none" }
  | { readonly kind: "doc_ids"; readonly ids: ReadonlySet<string> }
  | { readonly kind: "selector"; readonly selector: Readonly<Record<string, unknown>> }
  | { readonly kind: "design" };

export interface ChangesOptions {
  readonly feed: FeedKind;
  readonly since: number;
  readonly limit: number;
  /** Every leaf instead of the winner only. */
  readonly allLeaves: boolean;
  readonly descending: boolean;
  readonly includeDocs: boolean;
  readonly conflicts: boolean;
  readonly attachments: boolean;
  readonly encodingInfo: boolean;
  /** Only every so many rows have a `seq`. */
  readonly seqInterval: number;
  readonly filter: FeedFilter;
  /** Milliseconds between blank lines while nothing happens; undefined: none. */
  readonly heartbeat: number | undefined;
  /** Milliseconds without a change after which the feed ends; undefined: never. */
  readonly timeout: number | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Reads query and body. Throws 400, and 404 for a filter that does not exist. */
export async function readChangesOptions(exchange: Exchange, database: Database): Promise<ChangesOptions> {
  const { query } = exchange;
  const body = exchange.method === "POST" ? await readBody(exchange) : {};
  const feed = readFeed(query.get("feed"));
  const heartbeat = readHeartbeat(query.get("heartbeat"));
  const timeout = readCount(query.get("timeout"));
  return {
    feed,
    since: readSince(exchange, database),
    limit: readCount(query.get("limit")) ?? Number.MAX_SAFE_INTEGER,
    allLeaves: readStyle(query.get("style")),
    descending: query.isTrue("descending"),
    includeDocs: query.isTrue("include_docs"),
    conflicts: query.isTrue("conflicts"),
    attachments: query.isTrue("attachments"),
    encodingInfo: query.isTrue("att_encoding_info"),
    seqInterval: readInterval(query.get("seq_interval")),
    filter: readFilter(exchange, body),
    heartbeat,
    timeout:
      heartbeat === undefined ? Math.min(timeout ?? DEFAULT_TIMEOUT_MS, DEFAULT_TIMEOUT_MS) : undefined,
  };
}

async function readBody(exchange: Exchange): Promise<Record<string, unknown>> {
  exchange.requireJson();
  const length = exchange.header("content-length");
  if (length === "0" || (length === undefined && exchange.header("transfer-encoding") === undefined))
    return {};
  return exchange.object();
}

function readFeed(value: string | undefined): FeedKind {
  if (value === "live") return "continuous";
  if (value === "continuous" || value === "longpoll" || value === "eventsource") return value;
  if (value === undefined || value === "normal") return "normal";
  throw badRequest("Supported `feed` types: normal, continuous, live, longpoll, eventsource");
}

function readSince(exchange: Exchange, database: Database): number {
  const value =
    exchange.header("last-event-id") ?? exchange.query.get("since") ?? exchange.query.get("last-event-id");
  if (value === undefined) return 0;
  if (value === "") throw badRequest("Malformed sequence supplied in 'since' parameter.");
  return value === "now" ? database.updateSeq : database.sequences.decode(value);
}

/** A negative number counts for none at all. */
function readCount(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^[+-]?[0-9]+$/.test(value)) throw badArgument();
  return Number(value) < 0 ? undefined : Number(value);
}

/** What CouchDB 3.5 makes of a value that is no number and no word it knows. */
function badArgument(): CouchError {
  return new CouchError(500, "unknown_error", "badarg");
}

function readStyle(value: string | undefined): boolean {
  if (value !== undefined && value !== "all_docs" && value !== "main_only") throw badArgument();
  return value === "all_docs";
}

function readHeartbeat(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (value === "true") return DEFAULT_TIMEOUT_MS;
  if (!/^[+-]?[0-9]+$/.test(value)) {
    throw badRequest("Invalid heartbeat value. Expecting a positive integer value (in milliseconds).");
  }
  if (Number(value) <= 0) {
    throw badRequest("The heartbeat value should be a positive integer (in milliseconds).");
  }
  return Number(value);
}

function readInterval(value: string | undefined): number {
  if (value === undefined) return 1;
  if (!/^[0-9]+$/.test(value) || Number(value) === 0) throw badRequest("invalid_seq_interval");
  return Number(value);
}

function readFilter(exchange: Exchange, body: Record<string, unknown>): FeedFilter {
  const name = exchange.query.get("filter");
  switch (name) {
    case undefined:
      return { kind: "none" };
    case "_doc_ids": {
      const ids: unknown = body["doc_ids"] ?? JSON.parse(exchange.query.json("doc_ids") ?? "null");
      if (!Array.isArray(ids)) throw badRequest("`doc_ids` filter parameter is not a list of doc ids.");
      return { kind: "doc_ids", ids: new Set(ids.map(String)) };
    }
    case "_selector": {
      if (exchange.method !== "POST") throw badRequest("Selector must be specified in POST payload");
      const { selector } = body;
      if (typeof selector !== "object" || selector === null || Array.isArray(selector)) {
        throw badRequest("Selector error: expected a JSON object");
      }
      const bad = unknownOperator(selector);
      if (bad !== undefined) throw badRequest(`Invalid operator: ${bad}`);
      return { kind: "selector", selector: selector as Record<string, unknown> };
    }
    case "_design":
      return { kind: "design" };
    case "_view":
      throw badRequest("`view` filter parameter is not provided.");
    default:
      if (!name.includes("/")) throw badRequest("`filter` must be of the form `designname/filtername`");
      throw new CouchError(404, "not_found", "missing");
  }
}
