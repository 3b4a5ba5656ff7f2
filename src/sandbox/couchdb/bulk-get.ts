/**
 * `POST /{db}/_bulk_get`: always 200, one entry per request item in its order, failures inside.
 */
import { randomHex } from "../../model/clock.ts";
import { checkId } from "./bulk-docs.ts";
import type { Database } from "./database.ts";
import type { ViewOptions } from "./document-view.ts";
import { composeDocument, selectAttachments } from "./document-view.ts";
import { CouchError, badRequest, methodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { relatedParts } from "./multipart.ts";
import type { OpenedRevision } from "./open-revisions.ts";
import { openRevisions } from "./open-revisions.ts";
import { parseRevisions } from "./query.ts";
import type { Leaf } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision, parseRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";

/** Answers below this size go out in one piece with a length, larger ones chunked. */
const WHOLE_CHARACTERS = 1 << 20;
const FORBIDDEN = ["open_revs", "new_edits", "w", "rev", "atts_since"];

/** One item of the request: what to open, or why it cannot be. `id` is JSON text. */
type Item =
  | {
      readonly id: string;
      readonly docId: string;
      readonly wanted: readonly Revision[] | "all";
      readonly since: readonly Revision[];
    }
  | { readonly id: string; readonly error: EntryError };

interface EntryError {
  /** JSON text. */
  readonly rev: string;
  readonly error: string;
  readonly reason: string;
}

export async function bulkGet(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const body = await exchange.object();
  if (body["docs"] === undefined) throw badRequest("Missing JSON list of 'docs'.");
  for (const name of exchange.query.names()) {
    if (FORBIDDEN.includes(name)) throw badRequest(`"${name}" query parameter is not acceptable`);
  }
  if (!Array.isArray(body["docs"])) throw new CouchError(500, "unknown_error", "function_clause");
  const items = body["docs"].map((item) => parseItem(item, database));
  state.limiter.admit("lookup", items.length);
  const { query } = exchange;
  const options: ViewOptions = {
    revs: query.isTrue("revs"),
    attachments: query.isTrue("attachments"),
    encodingInfo: query.isTrue("att_encoding_info"),
  };
  const latest = query.isTrue("latest");
  const multipart =
    !exchange.accepts("application/json") &&
    (exchange.accepts("multipart/mixed") || exchange.accepts("multipart/related"));
  if (multipart) await answerMultipart(exchange, database, items, options, latest);
  else await answerJson(exchange, database, items, options, latest);
}

/** An item that cannot be opened; `id` and `rev` are JSON text. */
function invalid(id: string, rev: string, error: string, reason: string): Item {
  return { id, error: { rev, error, reason } };
}

function parseItem(value: unknown, database: Database): Item {
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    Object.keys(value).length === 0
  ) {
    return invalid("null", "null", "bad_request", "document must be a JSON object");
  }
  const { id, rev, atts_since: since } = value as Record<string, unknown>;
  if (id === undefined) return invalid("null", "null", "bad_request", "document id missed");
  if (typeof id !== "string")
    return invalid(JSON.stringify(id), "null", "illegal_docid", "Document id must be a string");
  try {
    checkId(database, id);
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    return invalid(quote(id), "null", error.code, error.reason);
  }
  try {
    const wanted = rev === undefined ? "all" : [parseRevision(rev)];
    if (since !== undefined && !Array.isArray(since)) {
      const reason = "att_since value must be array of revs.";
      return invalid(quote(id), JSON.stringify(since), "bad_request", reason);
    }
    return { id: quote(id), docId: id, wanted, since: since === undefined ? [] : parseRevisions(since) };
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    return invalid(quote(id), JSON.stringify(rev ?? null), error.code, error.reason);
  }
}

function open(
  database: Database,
  item: Extract<Item, { docId: string }>,
  latest: boolean,
): OpenedRevision[] | EntryError {
  const record = database.find(item.docId);
  const opened = openRevisions(record, item.wanted, latest);
  return opened.length > 0 ? opened : { rev: '"undefined"', error: "not_found", reason: "missing" };
}

function itemOptions(options: ViewOptions, item: { readonly since: readonly Revision[] }): ViewOptions {
  return item.since.length === 0 ? options : { ...options, attachments: true, attachmentsSince: item.since };
}

async function answerJson(
  exchange: Exchange,
  database: Database,
  items: readonly Item[],
  options: ViewOptions,
  latest: boolean,
): Promise<void> {
  const fabricError = failingEntries(exchange);
  let text = '{"results":[';
  let started = false;
  for (const [i, item] of items.entries()) {
    const docs = fabricError(item, i) ?? entryText(database, item, options, latest);
    text += `${i > 0 ? "," : ""}{"id":${item.id},"docs":[${docs}]}`;
    if (text.length < WHOLE_CHARACTERS) continue;
    if (!started) exchange.start(200, { "Content-Type": "application/json" });
    started = true;
    await exchange.write(text);
    text = "";
  }
  text += "]}";
  if (!started) {
    await exchange.send(200, text);
    return;
  }
  await exchange.write(`${text}\n`);
  await exchange.end();
}

function entryText(database: Database, item: Item, options: ViewOptions, latest: boolean): string {
  if ("error" in item) return errorText(item.id, item.error);
  const opened = open(database, item, latest);
  if (!Array.isArray(opened)) return errorText(item.id, opened);
  const combined = itemOptions(options, item);
  return opened
    .map((revision) =>
      "missing" in revision
        ? errorText(item.id, missingError(revision.missing))
        : `{"ok":${composeDocument(database, item.docId, revision.found, database.body(revision.found.body), combined)}}`,
    )
    .join(",");
}

function missingError(revision: Revision): EntryError {
  return { rev: quote(formatRevision(revision)), error: "not_found", reason: "missing" };
}

function errorText(id: string, error: EntryError): string {
  return `{"error":${errorObject(id, error)}}`;
}

function errorObject(id: string, { rev, error, reason }: EntryError): string {
  return `{"rev":${rev},"reason":${quote(reason)},"id":${id},"error":${quote(error)}}`;
}

/** The fault "every nth document exists, but the cluster cannot say so": status 200 all the same. */
function failingEntries(exchange: Exchange): (item: Item, index: number) => string | undefined {
  const fault = exchange.fault("bulk-get-error");
  return (item, index) => {
    if (fault === undefined || "error" in item) return undefined;
    if (fault.id !== undefined ? fault.id !== item.docId : (index + 1) % (fault.every ?? 1) !== 0)
      return undefined;
    const [first] = item.wanted === "all" ? [] : item.wanted;
    const rev = first === undefined ? '"undefined"' : quote(formatRevision(first));
    return errorText(item.id, { rev, error: "internal_fabric_error", reason: "{error,all_workers_died}" });
  };
}

async function answerMultipart(
  exchange: Exchange,
  database: Database,
  items: readonly Item[],
  options: ViewOptions,
  latest: boolean,
): Promise<void> {
  const boundary = `--${randomHex(16)}`;
  const type = exchange.accepts("multipart/mixed") ? "multipart/mixed" : "multipart/related";
  exchange.response.writeHead(200, {
    ...exchange.extraHeaders,
    "Content-Type": `${type}; boundary="${boundary}"`,
  });
  for (const item of items) {
    const opened = "error" in item ? item.error : open(database, item, latest);
    if (!Array.isArray(opened)) {
      await exchange.write(errorPart(boundary, errorObject(item.id, opened)));
      continue;
    }
    if (!("docId" in item)) continue;
    for (const revision of opened) {
      if ("missing" in revision) {
        await exchange.write(errorPart(boundary, errorObject(item.id, missingError(revision.missing))));
      } else {
        await writeDocumentPart(
          exchange,
          database,
          item.docId,
          revision.found,
          itemOptions(options, item),
          boundary,
        );
      }
    }
  }
  if (items.length > 0) await exchange.write(`\r\n--${boundary}--\r\n`);
  await exchange.end();
}

function errorPart(boundary: string, json: string): string {
  return `\r\n--${boundary}\r\nContent-Type: application/json; error="true"\r\n\r\n${json}`;
}

async function writeDocumentPart(
  exchange: Exchange,
  database: Database,
  id: string,
  revision: Leaf,
  options: ViewOptions,
  boundary: string,
): Promise<void> {
  const body = database.body(revision.body);
  const all: ViewOptions = { ...options, attachments: true, follows: true, encodingInfo: true };
  const document = composeDocument(database, id, revision, body, all);
  if (body.attachments.length === 0) {
    await exchange.write(`\r\n--${boundary}\r\nContent-Type: application/json\r\n\r\n${document}`);
    return;
  }
  const inner = `--${randomHex(16)}`;
  await exchange.write(
    `\r\n--${boundary}\r\nX-Doc-Id: ${id}\r\nX-Rev-Id: ${formatRevision(revision)}` +
      `\r\nContent-Type: multipart/related; boundary=${inner}\r\n\r\n`,
  );
  const sent = body.attachments.filter((attachment) =>
    selectAttachments(revision, body.attachments, all).has(attachment),
  );
  for (const chunk of relatedParts(database, inner, document, sent)) await exchange.write(chunk);
}
