/**
 * `/{db}/{id}`: writing, deleting and copying one document, and the way to reading it.
 */
import { randomHex } from "../../model/clock.ts";
import type { IncomingAttachment } from "./attachment-json.ts";
import { checkDocument, checkId, missingRevision } from "./bulk-docs.ts";
import type { Database } from "./database.ts";
import { openOne, readDocument } from "./document-reading.ts";
import { readMembers, toDocument } from "./document-text.ts";
import { CouchError, badRequest, methodNotAllowed } from "./errors.ts";
import { decodeSegment } from "./exchange.ts";
import type { Exchange } from "./exchange.ts";
import { quote } from "./json-text.ts";
import { localETag, readLocal } from "./local-documents.ts";
import { receiveRelated } from "./multipart-documents.ts";
import { formatRevision, parseRevision } from "./revision.ts";
import type { ServerState } from "./state.ts";
import type { Edit, EditResult } from "./update.ts";
import { updateDocuments } from "./update.ts";
import { Validator } from "./validation.ts";

const METHODS = "DELETE,GET,HEAD,POST,PUT,COPY";

function etagOf(database: Database, id: string, rev: string): string {
  return id.startsWith("_local/") && rev !== "0-0" ? localETag(database, id) : `"${rev}"`;
}

export async function document(
  exchange: Exchange,
  state: ServerState,
  database: Database,
  id: string,
): Promise<void> {
  switch (exchange.method) {
    case "GET":
      await readDocument(exchange, state, database, id);
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
      throw badRequest("Referer header required.");
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
      ETag: etagOf(database, id, rev),
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
