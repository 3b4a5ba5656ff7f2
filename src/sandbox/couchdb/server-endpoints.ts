/**
 * Endpoints above the databases: greeting, lists of databases, and `/_sandbox`, the one thing no CouchDB has.
 */
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

import { randomHex } from "../../model/clock.ts";
import { databaseInfo } from "./database-endpoints.ts";
import type { CouchError } from "./errors.ts";
import { badRequest, methodNotAllowed, missing } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Fault } from "./faults.ts";
import { quote } from "./json-text.ts";
import type { ServerState } from "./state.ts";
import { requireServerAdmin } from "./user.ts";

const FEATURES = [
  "quickjs",
  "access-ready",
  "partitioned",
  "pluggable-storage-engines",
  "reshard",
  "scheduler",
];

export async function welcome(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed("GET,HEAD");
  const couchdb = {
    couchdb: "Welcome",
    version: "3.5.0",
    git_sha: "11f0d36",
    uuid: state.uuid,
    features: FEATURES,
    vendor: { name: "The Apache Software Foundation" },
  };
  const cloudant = {
    couchdb: "Welcome",
    version: "3.5.0+cloudant",
    vendor: { name: "IBM Cloudant", version: "8578", variant: "paas" },
    features: ["search", "access-ready", "partitioned", "pluggable-storage-engines", "scheduler"],
    features_flags: ["partitioned"],
  };
  await exchange.send(200, JSON.stringify(state.vendor === "cloudant" ? cloudant : couchdb));
}

export async function up(exchange: Exchange): Promise<void> {
  await exchange.send(200, '{"status":"ok","seeds":{}}');
}

export async function uuids(exchange: Exchange): Promise<void> {
  const count = Math.min(1000, exchange.query.count("count", 1));
  const list = Array.from({ length: count }, () => randomHex(16));
  await exchange.send(200, JSON.stringify({ uuids: list }));
}

export async function activeTasks(exchange: Exchange): Promise<void> {
  requireServerAdmin(exchange.user);
  await exchange.send(200, "[]");
}

export async function allDbs(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.method !== "GET") throw methodNotAllowed("GET,HEAD");
  requireServerAdmin(exchange.user);
  state.limiter.admit("query", 1);
  const names = selectNames(exchange, state);
  const etag = createHash("md5").update(state.databases.names().join()).digest("base64url");
  exchange.start(200, { "Content-Type": "application/json", ETag: `"${etag}"` });
  await exchange.write(`[${names.map(quote).join(",")}]\n`);
  await exchange.end();
}

export async function dbsInfo(exchange: Exchange, state: ServerState): Promise<void> {
  requireServerAdmin(exchange.user);
  let keys: string[];
  if (exchange.method === "POST") {
    exchange.requireJson();
    const body = await exchange.object();
    if (body["keys"] === undefined) throw badRequest("`keys` member must exist.");
    if (!Array.isArray(body["keys"])) throw badRequest("`keys` member must be an array.");
    keys = body["keys"].map(String);
    if (keys.length > 100) throw badRequest("`keys` member must be an array of no more than 100 elements.");
  } else {
    keys = selectNames(exchange, state);
  }
  const entries = keys.map((key) =>
    state.databases.has(key)
      ? `{"key":${quote(key)},"info":${databaseInfo(state.databases.open(key))}}`
      : `{"key":${quote(key)},"error":"not_found"}`,
  );
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write(`[${entries.join(",")}]\n`);
  await exchange.end();
}

function selectNames(exchange: Exchange, state: ServerState): string[] {
  const { query } = exchange;
  const descending = query.boolean("descending", false);
  const names = descending ? state.databases.names().reverse() : state.databases.names();
  const start = nameBound(exchange, ["startkey", "start_key"]);
  const end = nameBound(exchange, ["endkey", "end_key"]);
  const inclusive = query.boolean("inclusive_end", true);
  const inRange = names.filter((name) => {
    const [low, high] = descending ? [end, start] : [start, end];
    if (low !== undefined && name < low) return false;
    if (high !== undefined && name > high) return false;
    return inclusive || name !== end;
  });
  return inRange.slice(query.count("skip", 0)).slice(0, query.count("limit", Number.MAX_SAFE_INTEGER));
}

function nameBound(exchange: Exchange, names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = exchange.query.json(name);
    if (text !== undefined) return String(JSON.parse(text));
  }
  return undefined;
}

/** `/_sandbox/faults`, `/_sandbox/limits`, `/_sandbox/requests`: the switches, for other processes. */
export async function sandboxSwitches(exchange: Exchange, state: ServerState): Promise<void> {
  const [, what, number] = exchange.segments;
  if (what === "faults") await faultSwitch(exchange, state, number);
  else if (what === "limits") await limitSwitch(exchange, state);
  else if (what === "requests") await requestSwitch(exchange, state);
  else throw missing();
}

/** `PUT` replaces the list by one fault or an array of them, `POST` adds one, `DELETE` removes one or all. */
async function faultSwitch(
  exchange: Exchange,
  state: ServerState,
  number: string | undefined,
): Promise<void> {
  switch (exchange.method) {
    case "GET":
      break;
    case "PUT": {
      const value = await exchange.value();
      state.faults.clear();
      for (const fault of Array.isArray(value) ? (value as Fault[]) : [value as Fault])
        state.faults.add(fault);
      break;
    }
    case "POST":
      state.faults.add((await exchange.object()) as unknown as Fault);
      break;
    case "DELETE":
      if (number === undefined) state.faults.clear();
      else if (!state.faults.remove(Number(number))) throw missing();
      break;
    default:
      throw methodNotAllowed("DELETE,GET,HEAD,POST,PUT");
  }
  await exchange.send(200, JSON.stringify(state.faults.list()));
}

async function limitSwitch(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.method === "PUT") state.limiter.set(await exchange.object());
  else if (exchange.method === "DELETE") state.limiter.set({});
  else if (exchange.method !== "GET") throw methodNotAllowed("DELETE,GET,HEAD,PUT");
  await exchange.send(200, JSON.stringify(state.limiter.limits));
}

async function requestSwitch(exchange: Exchange, state: ServerState): Promise<void> {
  if (exchange.method === "DELETE") state.requests.reset();
  else if (exchange.method !== "GET") throw methodNotAllowed("DELETE,GET,HEAD");
  await exchange.send(200, JSON.stringify(state.requests.all()));
}

/** The JSON body of an error. */
export function errorBody(error: CouchError): string {
  // CouchDB refers to its log by a number where it has no better word for what went wrong.
  const ref = error.status === 500 && error.code === "unknown_error" ? `,"ref":${crc32(error.reason)}` : "";
  return `{"error":${quote(error.code)},"reason":${quote(error.reason)}${ref}}`;
}
