/**
 * `POST /{db}/_bulk_docs`. Whatever is wrong with the form of one document refuses the request as a whole; refusals by state are
 * listed per document.
 */
import { randomHex } from "../../model/clock.ts";
import type { Database } from "./database.ts";
import type { IncomingDocument } from "./document-text.ts";
import { readMembers, toDocument, validateDocumentId, validatePartitionedId } from "./document-text.ts";
import { validateAttachmentName } from "./attachment-json.ts";
import { CouchError, badRequest, methodNotAllowed } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import type { JsonReader, Members } from "./json-text.ts";
import { quote } from "./json-text.ts";
import type { ServerState } from "./state.ts";
import type { Edit, EditResult } from "./update.ts";
import { updateDocuments } from "./update.ts";
import { Validator } from "./validation.ts";

interface BulkBody {
  /** Undefined if the member is missing, null if it is no list. */
  docs: (Members | null)[] | null | undefined;
  newEdits: string | undefined;
  isObject: boolean;
}

export async function bulkDocs(exchange: Exchange, state: ServerState, database: Database): Promise<void> {
  if (exchange.method !== "POST") throw methodNotAllowed("POST");
  exchange.requireJson();
  const body = await exchange.json(readBody);
  if (!body.isObject) throw badRequest("Request body must be a JSON object");
  if (body.docs === undefined) throw badRequest("POST body must include `docs` parameter.");
  if (body.docs === null) throw badRequest("`docs` parameter must be an array.");
  const newEdits = body.newEdits !== "false";
  if (body.newEdits !== undefined && !/^(?:true|false)$/.test(body.newEdits)) {
    if (body.docs.length === 0) throw badRequest("`new_edits` parameter must be a boolean.");
    throw new CouchError(500, "unknown_error", "function_clause");
  }
  const edits = body.docs.map((members) => toEdit(members, database, state.maxDocumentBytes));
  if (!newEdits && edits.some((edit) => edit.revisions.ids.length === 0)) throw missingRevision();
  state.limiter.admit("write", edits.length);
  const results = updateDocuments(database, edits, newEdits, new Validator(database, exchange.user));
  const rows = newEdits
    ? results.map(resultText)
    : results.filter(({ error }) => error !== undefined).map(failureText);
  const status = Number(exchange.query.get("w") ?? 1) > database.n ? 202 : 201;
  await exchange.send(status, `[${rows.join(",")}]`);
}

function readBody(reader: JsonReader): BulkBody {
  const body: BulkBody = { docs: undefined, newEdits: undefined, isObject: reader.kind() === "object" };
  if (!body.isObject) {
    reader.value();
    return body;
  }
  reader.visitMembers((name) => {
    if (name === '"docs"' && reader.kind() === "array") {
      const docs: (Members | null)[] = [];
      reader.elements(() => docs.push(readMembers(reader)));
      body.docs = docs;
      return;
    }
    const value = reader.value();
    if (name === '"docs"') body.docs = null;
    else if (name === '"new_edits"') body.newEdits = value;
  });
  return body;
}

function toEdit(members: Members | null, database: Database, maxDocumentBytes: number): Edit {
  const document = checkDocument(toDocument(members), maxDocumentBytes);
  const id = document.id ?? randomHex(16);
  if (database.partitioned) validatePartitionedId(id);
  return Object.assign(document, { id });
}

/** Throws 413 `document_too_large` with the id the document carries, and 400 for a bad attachment name. */
export function checkDocument(document: IncomingDocument, maxDocumentBytes: number): IncomingDocument {
  const { body, id = "" } = document;
  // Bytes are only counted where the number of characters leaves a doubt.
  if (body.length * 3 > maxDocumentBytes && Buffer.byteLength(body) > maxDocumentBytes) {
    throw new CouchError(413, "document_too_large", id, { Connection: "close" });
  }
  for (const { kind, ...attachment } of document.attachments) {
    validateAttachmentName("attachment" in attachment ? attachment.attachment.name : attachment.name);
    void kind;
  }
  return document;
}

export function missingRevision(): CouchError {
  return badRequest("When `new_edits: false`, the document needs `_rev` or `_revisions` specified");
}

function resultText({ id, rev, error }: EditResult): string {
  if (error === undefined) return `{"ok":true,"id":${quote(id)},"rev":${quote(rev ?? "")}}`;
  return `{"id":${quote(id)},"error":${quote(error.code)},"reason":${quote(error.reason)}}`;
}

function failureText({ id, rev, error }: EditResult): string {
  return `{"id":${quote(id)},"rev":${quote(rev ?? "")},"error":${quote(error?.code ?? "")},"reason":${quote(error?.reason ?? "")}}`;
}

/** Throws 400 for an id that the database cannot have. */
export function checkId(database: Database, id: string): void {
  validateDocumentId(id);
  if (database.partitioned) validatePartitionedId(id);
}
