/**
 * `/{db}/{id}`: reading, writing, deleting and copying one document.
 */
import { randomHex } from "../../model/clock.ts";
import type { IncomingAttachment } from "./attachment-json.ts";
import { checkDocument, checkId, missingRevision } from "./bulk-docs.ts";
import type { Database } from "./database.ts";
import { rankedLeaves } from "./database.ts";
import { readMembers, toDocument } from "./document-text.ts";
import type { ViewOptions } from "./document-view.ts";
import { composeDocument, hasMeta, selectAttachments } from "./document-view.ts";
import { CouchError, badRequest, methodNotAllowed, missing } from "./errors.ts";
import { decodeSegment } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { readLocal } from "./local-documents.ts";
import { receiveRelated } from "./multipart-documents.ts";
import { relatedLength, relatedParts } from "./multipart.ts";
import { inClusterOrder, openRevisions } from "./open-revisions.ts";
import type { Leaf } from "./revision-tree.ts";
import type { Revision } from "./revision.ts";
import { formatRevision, parseRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";
import type { Edit, EditResult } from "./update.ts";
import { updateDocuments } from "./update.ts";
import { Validator } from "./validation.ts";

const METHODS = "DELETE,GET,HEAD,POST,PUT,COPY";

export async function document(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  id: string,
): Promise<void> {
  switch (exchange.method) {
    case "GET":
      await read(exchange, state, database, id);
      return;
    case "PUT":
      await write(exchange, state, database, id);
      return;
    case "DELETE":
      await remove(exchange, state, database, id);
      return;
    case "COPY":
      await copy(exchange, state, database, id);
      return;
    case "POST":
      throw new CouchError(415, "bad_content_type", "Invalid Content-Type header for form upload");
    default:
      throw methodNotAllowed(METHODS);
  }
}

/** `POST /{db}`: a document without an id in the path. */
export async function createDocument(
  exchange: Exchange,
  state: ServerState,
  database: Database,
): Promise<void> {
  exchange.requireJson();
  const incoming = checkDocument(toDocument(await exchange.json(readMembers)), state.maxDocumentBytes);
  const id = incoming.id ?? randomHex(16);
  checkId(database, id);
  const rev = store(exchange, state, database, { ...incoming, id }, true);
  const headers = { Location: locationOf(exchange, database, id) };
  await exchange.send(201, `{"ok":true,"id":${quote(id)},"rev":${quote(rev)}}`, headers);
}

export function viewOptions(exchange: Exchange): ViewOptions {
  const { query } = exchange;
  const meta = query.isTrue("meta");
  const since = query.revisions("atts_since");
  return {
    revs: query.isTrue("revs"),
    revsInfo: meta || query.isTrue("revs_info"),
    localSeq: query.isTrue("local_seq"),
    conflicts: meta || query.isTrue("conflicts"),
    deletedConflicts: meta || query.isTrue("deleted_conflicts"),
    attachments: since !== undefined || query.isTrue("attachments"),
    encodingInfo: query.isTrue("att_encoding_info"),
    ...(since === undefined ? {} : { attachmentsSince: since }),
  };
}

async function read(exchange: Exchange, state: ServerState, database: Database, id: string): Promise<void> {
  state.limiter.admit("lookup", 1);
  const options = viewOptions(exchange);
  const openRevs = exchange.query.get("open_revs");
  if (id.startsWith("_local/")) {
    const { text } = readLocal(database, id, options.revs);
    await exchange.send(200, text, { ETag: `"${Buffer.from(id).toString("base64url")}"` });
    return;
  }
  const wanted = openRevs === "all" ? "all" : (exchange.query.revisions("open_revs") ?? []);
  // An empty list asks for nothing in particular, and gets the winner.
  if (wanted.length > 0) await readOpenRevs(exchange, database, id, wanted, options);
  else await readOne(exchange, database, id, options);
}

async function readOne(
  exchange: Exchange,
  database: Database,
  id: string,
  options: ViewOptions,
): Promise<void> {
  const asked = exchange.query.isTrue("latest") ? undefined : exchange.query.revision("rev");
  const { leaf, record } = openOne(database, id, asked, exchange.query.isTrue("deleted"));
  const etag = `"${formatRevision(leaf)}"`;
  const headers: Record<string, string> = hasMeta(options) ? {} : { ETag: etag };
  if (!hasMeta(options) && exchange.header("if-none-match") === etag) {
    exchange.start(304, headers);
    await exchange.end();
    return;
  }
  const body = database.body(leaf.body);
  const multipart =
    options.attachments === true && body.attachments.length > 0 && exchange.accepts("multipart/related");
  if (!multipart) {
    await exchange.send(200, composeDocument(database, id, leaf, body, options, record), headers);
    return;
  }
  const all: ViewOptions = { ...options, follows: true, encodingInfo: true };
  const text = composeDocument(database, id, leaf, body, all, record);
  const wanted = selectAttachments(leaf, body.attachments, all);
  const sent = body.attachments.filter((attachment) => wanted.has(attachment));
  const boundary = randomHex(16);
  exchange.start(200, {
    ...headers,
    "Content-Type": `multipart/related; boundary="${boundary}"`,
    "Content-Length": String(relatedLength(boundary, text, sent)),
  });
  for (const chunk of relatedParts(database, boundary, text, sent)) await exchange.write(chunk);
  await exchange.end();
}

/** The winner, or the revision asked for. Throws 404 "missing" or "deleted". */
export function openOne(
  database: Database,
  id: string,
  asked: Revision | undefined,
  deletedToo = false,
): { leaf: Leaf; record: NonNullable<ReturnType<Database["find"]>> } {
  const record = database.find(id);
  if (record === null) throw missing();
  if (asked === undefined) {
    const [leaf] = rankedLeaves(record.tree);
    if (leaf === undefined) throw missing();
    if (leaf.deleted && !deletedToo) throw missing("deleted");
    return { leaf, record };
  }
  const [opened] = openRevisions(record, [asked], false);
  if (opened === undefined || "missing" in opened) throw missing();
  return { leaf: opened.found, record };
}

async function readOpenRevs(
  exchange: Exchange,
  database: Database,
  id: string,
  wanted: readonly Revision[] | "all",
  options: ViewOptions,
): Promise<void> {
  const record = database.find(id);
  const opened = inClusterOrder(openRevisions(record, wanted, exchange.query.isTrue("latest")));
  if (opened.length === 0 && wanted === "all") throw missing();
  if (exchange.accepts("multipart/mixed")) {
    await sendMixed(exchange, database, id, opened, options);
    return;
  }
  exchange.start(200, { "Content-Type": "application/json" });
  await exchange.write("[");
  for (const [i, revision] of opened.entries()) {
    const entry =
      "missing" in revision
        ? `{"missing":${quote(formatRevision(revision.missing))}}`
        : `{"ok":${composeDocument(database, id, revision.found, database.body(revision.found.body), options, record)}}`;
    await exchange.write(i > 0 ? `,${entry}` : entry);
  }
  await exchange.write("]\n");
  await exchange.end();
}

async function sendMixed(
  exchange: Exchange,
  database: Database,
  id: string,
  opened: ReturnType<typeof openRevisions>,
  options: ViewOptions,
): Promise<void> {
  const outer = randomHex(16);
  const inner = randomHex(16);
  exchange.response.writeHead(200, {
    ...exchange.extraHeaders,
    "Content-Type": `multipart/mixed; boundary="${outer}"`,
  });
  await exchange.write(`--${outer}`);
  for (const revision of opened) {
    if ("missing" in revision) {
      const json = `{"missing":${quote(formatRevision(revision.missing))}}`;
      await exchange.write(`\r\nContent-Type: application/json; error="true"\r\n\r\n${json}\r\n--${outer}`);
      continue;
    }
    const body = database.body(revision.found.body);
    const all: ViewOptions = { ...options, attachments: true, follows: true, encodingInfo: true };
    const text = composeDocument(database, id, revision.found, body, all);
    const wanted = selectAttachments(revision.found, body.attachments, all);
    const sent = body.attachments.filter((attachment) => wanted.has(attachment));
    if (sent.length === 0) {
      await exchange.write(`\r\nContent-Type: application/json\r\n\r\n${text}\r\n--${outer}`);
      continue;
    }
    await exchange.write(`\r\nContent-Type: multipart/related; boundary="${inner}"\r\n\r\n`);
    for (const chunk of relatedParts(database, inner, text, sent)) await exchange.write(chunk);
    await exchange.write(`\r\n--${outer}`);
  }
  await exchange.write("--");
  await exchange.end();
}

async function write(exchange: Exchange, state: ServerState, database: Database, id: string): Promise<void> {
  const newEdits = exchange.query.get("new_edits") !== "false";
  checkIdEarly(database, id);
  const contentType = exchange.header("content-type") ?? "";
  const incoming = contentType.startsWith("multipart/related")
    ? await receiveRelated(exchange, database, contentType, state.maxDocumentBytes)
    : checkDocument(toDocument(await exchange.json(readMembers)), state.maxDocumentBytes);
  const edit = withRequestRevision(exchange, { ...incoming, id });
  if (!newEdits && edit.revisions.ids.length === 0) throw missingRevision();
  const rev = store(exchange, state, database, edit, newEdits);
  const location = locationOf(exchange, database, id);
  if (exchange.query.get("batch") === "ok") {
    await exchange.send(202, `{"ok":true,"id":${quote(id)}}`);
    return;
  }
  await exchange.send(
    belowQuorum(exchange, database) ? 202 : edit.deleted ? 200 : 201,
    `{"ok":true,"id":${quote(id)},"rev":${quote(rev)}}`,
    {
      ETag: `"${rev}"`,
      Location: location,
    },
  );
}

/** Whether the client wants more copies written than the database has, which makes 202 of every success. */
export function belowQuorum(exchange: Exchange, database: Database): boolean {
  return Number(exchange.query.get("w") ?? 1) > database.n;
}

/** An id that cannot be is refused before the body is read, so the connection closes. */
function checkIdEarly(database: Database, id: string): void {
  try {
    checkId(database, id);
  } catch (error) {
    if (!(error instanceof CouchError)) throw error;
    throw new CouchError(error.status, error.code, error.reason, { Connection: "close" });
  }
}

/** The revision may stand in the body, in the query and in `If-Match`; they must agree. */
function withRequestRevision(exchange: Exchange, edit: Edit): Edit {
  const asked = exchange.query.revision("rev");
  const ifMatch = exchange.header("if-match");
  const etag = ifMatch === undefined ? undefined : parseRevision(ifMatch.trim().replaceAll('"', ""));
  const [hash] = edit.revisions.ids;
  const inBody = hash === undefined ? undefined : { position: edit.revisions.start, hash };
  if (inBody !== undefined && asked !== undefined && formatRevision(inBody) !== formatRevision(asked)) {
    throw badRequest("Document rev from request body and query string have different values");
  }
  const explicit = inBody ?? asked;
  if (explicit !== undefined && etag !== undefined && formatRevision(explicit) !== formatRevision(etag)) {
    throw badRequest("Document rev and etag have different values");
  }
  const revision = explicit ?? etag;
  if (inBody !== undefined || revision === undefined) return edit;
  return { ...edit, revisions: { start: revision.position, ids: [revision.hash] } };
}

async function remove(exchange: Exchange, state: ServerState, database: Database, id: string): Promise<void> {
  if (id.startsWith("_local/")) readLocal(database, id);
  else openOne(database, id, undefined);
  const empty: Edit = { id, revisions: { start: 0, ids: [] }, deleted: true, body: "{}", attachments: [] };
  const rev = store(exchange, state, database, withRequestRevision(exchange, empty), true);
  await exchange.send(200, `{"ok":true,"id":${quote(id)},"rev":${quote(rev)}}`, { ETag: `"${rev}"` });
}

async function copy(exchange: Exchange, state: ServerState, database: Database, id: string): Promise<void> {
  const destination = exchange.header("destination");
  if (destination === undefined) throw badRequest("Destination header is mandatory for COPY.");
  const [target = "", targetQuery] = destination.replace(/^\//, "").split("?rev=");
  const targetId = decodeSegment(target);
  checkId(database, targetId);
  const { leaf } = openOne(database, id, exchange.query.revision("rev"));
  const body = database.body(leaf.body);
  const revision = targetQuery === undefined ? undefined : parseRevision(targetQuery);
  const attachments: IncomingAttachment[] = body.attachments.map(({ revpos, ...attachment }) => ({
    kind: "stored",
    attachment,
    revpos,
  }));
  const edit: Edit = {
    id: targetId,
    revisions: { start: revision?.position ?? 0, ids: revision === undefined ? [] : [revision.hash] },
    deleted: leaf.deleted,
    body: `{${body.text}}`,
    attachments,
  };
  const rev = store(exchange, state, database, edit, true);
  await exchange.send(201, `{"ok":true,"id":${quote(targetId)},"rev":${quote(rev)}}`, {
    Location: locationOf(exchange, database, targetId),
    ETag: `"${rev}"`,
  });
}

/** Writes one document and returns its revision. Throws what refuses it. */
export function store(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  edit: Edit,
  newEdits: boolean,
): string {
  state.limiter.admit("write", 1);
  const [result] = updateDocuments(database, [edit], newEdits, new Validator(database, exchange.user));
  return requireStored(result);
}

function requireStored(result: EditResult | undefined): string {
  if (result?.error !== undefined) throw result.error;
  return result?.rev ?? "";
}

/** Absolute address; each part of the path percent-encoded as a whole, but for the characters CouchDB leaves. */
export function locationOf(exchange: Exchange, database: Database, ...parts: string[]): string {
  const host = exchange.header("host") ?? "127.0.0.1";
  const path = [database.name, ...parts].map((part) => encodeURIComponent(part).replaceAll("%3A", ":"));
  return `http://${host}/${path.join("/")}`;
}
