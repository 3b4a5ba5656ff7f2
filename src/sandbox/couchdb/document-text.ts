/**
 * Documents as clients send them: which members are special, which are refused, and what is left as the body. After
 * `couch_doc:from_json_obj`; members are judged in the order they were written.
 */
import type { IncomingAttachment } from "./attachment-json.ts";
import { parseAttachments } from "./attachment-json.ts";
import { CouchError, badRequest, docValidation, illegalDocid } from "./errors.ts";
import type { JsonReader, Members } from "./json-text.ts";
import { unquote } from "./json-text.ts";
import { parseHash, parseRevision } from "./revision.ts";

/** A document read from a request, not yet judged against a database. */
export interface IncomingDocument {
  /** Absent if the client leaves it to the server. */
  id?: string;
  /** Generation and hashes newest first; `ids` is empty without `_rev` and `_revisions`. */
  revisions: { start: number; ids: string[] };
  deleted: boolean;
  /** Normalised body with braces, special members taken out. */
  body: string;
  attachments: IncomingAttachment[];
}

const IGNORED = new Set(["_revs_info", "_local_seq", "_conflicts", "_deleted_conflicts"]);
const KEPT_IN_BODY = new Set([
  "_access",
  "_replication_state",
  "_replication_state_time",
  "_replication_state_reason",
  "_replication_id",
  "_replication_stats",
]);

/** Reads one document's members; throws InvalidJson for bad JSON and 400 for anything but an object. */
export function readMembers(reader: JsonReader): Members | null {
  if (reader.kind() === "object") return reader.members();
  reader.value();
  return null;
}

/** The document that the members make. Throws 400 of the kinds `bad_request`, `doc_validation`, `illegal_docid`. */
export function toDocument(members: Members | null): IncomingDocument {
  if (members === null) throw badRequest("Document must be a JSON object");
  const document: IncomingDocument = {
    revisions: { start: 0, ids: [] },
    deleted: false,
    body: "",
    attachments: [],
  };
  const { names, values } = members;
  let body = "";
  for (let i = 0; i < names.length; i++) {
    const token = names[i] ?? "";
    const value = values[i] ?? "";
    if (token.charCodeAt(1) !== 0x5f || !takeSpecial(document, unquote(token), value)) {
      body += body === "" ? `${token}:${value}` : `,${token}:${value}`;
    }
  }
  document.body = `{${body}}`;
  return document;
}

/** True if the member was special and is dealt with, false if it belongs to the body. */
function takeSpecial(document: IncomingDocument, name: string, value: string): boolean {
  switch (name) {
    case "_id":
      if (!value.startsWith('"')) throw illegalDocid("Document id must be a string");
      document.id = unquote(value);
      validateDocumentId(document.id);
      return true;
    case "_rev":
      if (document.revisions.ids.length === 0) {
        const { position, hash } = parseRevision(JSON.parse(value));
        document.revisions = { start: position, ids: [hash] };
      }
      return true;
    case "_revisions":
      if (!value.startsWith("{")) break;
      document.revisions = parseRevisions(JSON.parse(value));
      return true;
    case "_deleted":
      if (value !== "true" && value !== "false") break;
      document.deleted = value === "true";
      return true;
    case "_attachments":
      if (!value.startsWith("{")) break;
      document.attachments = parseAttachments(value);
      return true;
    default:
      if (IGNORED.has(name)) return true;
      if (KEPT_IN_BODY.has(name)) return false;
  }
  throw docValidation(`Bad special document member: ${name}`);
}

function parseRevisions(value: { start?: unknown; ids?: unknown }): { start: number; ids: string[] } {
  if (typeof value.start !== "number" || !Number.isInteger(value.start)) {
    throw docValidation("_revisions.start isn't an integer.");
  }
  if (!Array.isArray(value.ids)) throw docValidation("_revisions.ids isn't a array.");
  const ids = value.ids.map((id: unknown) => {
    if (typeof id !== "string") throw docValidation("RevId isn't a string");
    const hash = parseHash(id);
    if (hash === null) throw docValidation("RevId isn't a valid hexadecimal");
    return hash;
  });
  return { start: value.start, ids };
}

/** Throws 400 `illegal_docid`. */
export function validateDocumentId(id: string): void {
  if (id === "") throw illegalDocid("Document id must not be empty");
  if (!id.startsWith("_")) return;
  if (id === "_design/" || id === "_local/") throw illegalDocid(`Illegal document id \`${id}\``);
  if (!id.startsWith("_design/") && !id.startsWith("_local/")) {
    throw illegalDocid("Only reserved document ids may start with underscore.");
  }
}

/** Throws 400 `illegal_docid` if the id has no place in a partitioned database. */
export function validatePartitionedId(id: string): void {
  if (id.startsWith("_design/") || id.startsWith("_local/")) return;
  const colon = id.indexOf(":");
  if (colon < 0) throw illegalDocid("Doc id must be of form partition:id");
  if (colon === 0) throw new CouchError(400, "illegal_partition", "Partition must not be empty");
  if (colon === id.length - 1) throw illegalDocid("Document id must not be empty");
}
