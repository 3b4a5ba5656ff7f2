/**
 * `_bulk_get`: many named revisions in one request. The service always answers 200; what failed stands in the entries,
 * and whoever called must account for each of them.
 */
import { readBytes } from "../../http/whole-answer.ts";
import type { CouchDatabase, DocRef } from "../database.ts";
import { readMembers } from "../document-text.ts";
import {
  INCOMPLETE,
  JsonMismatch,
  lastDocumentFlags,
  scanDocument,
  skipSpace,
  stringEnd,
  stringText,
  walkElements,
  walkMembers,
} from "../../http/raw-json.ts";
import { ArrayCutter } from "../../http/array-cutter.ts";

export interface FoundRevision {
  readonly found: true;
  readonly rev: string;
  /** Raw document text, `_revisions` and attachment stubs (or data) included. */
  readonly text: Buffer;
  /** Bits of `MAY_BE_DELETED` and `MAY_HAVE_ATTACHMENTS`. */
  readonly flags: number;
}

export interface FailedRevision {
  readonly found: false;
  /** The revision asked for; empty where the service does not tell. */
  readonly rev: string;
  readonly error: string;
  readonly reason: string;
  /** True: the revision does not exist. False: the service failed and it may exist. */
  readonly missing: boolean;
}

export interface BulkGetEntry {
  readonly id: string;
  readonly revisions: readonly (FoundRevision | FailedRevision)[];
}

export async function readBulkGet(
  database: CouchDatabase,
  refs: readonly DocRef[],
  options: { readonly attachments?: boolean },
  signal: AbortSignal,
): Promise<BulkGetEntry[]> {
  return await database.exchange(
    {
      method: "POST",
      path: "/_bulk_get",
      // PouchDB's server gives no `encoding` without the last parameter; CouchDB ignores what it does not know here.
      query: `revs=true&att_encoding_info=true${options.attachments === true ? "&attachments=true" : ""}`,
      body: Buffer.from(bulkGetBody(refs), "utf8"),
      purpose: `read ${refs.length} documents`,
      repeatable: true,
      class: "read",
      units: refs.length,
    },
    async (answer) => parseBulkGet(await readBytes(answer)),
    signal,
  );
}

function bulkGetBody(refs: readonly DocRef[]): string {
  let body = '{"docs":[';
  let separator = "";
  for (const ref of refs) {
    body += `${separator}{"id":${JSON.stringify(ref.id)}${ref.rev === undefined ? "" : `,"rev":"${ref.rev}"`}}`;
    separator = ",";
  }
  return `${body}]}`;
}

/** Reads a whole answer; the texts are slices of it. */
export function parseBulkGet(bytes: Buffer): BulkGetEntry[] {
  const entries: BulkGetEntry[] = [];
  const cutter = new ArrayCutter("results", (piece, start) => readEntry(piece, start, entries));
  cutter.push(bytes);
  cutter.finish();
  return entries;
}

type Revision = FoundRevision | FailedRevision;

function readEntry(bytes: Buffer, start: number, entries: BulkGetEntry[]): number {
  const end = readUsualEntry(bytes, start, entries);
  return end === FOREIGN ? readAnyEntry(bytes, start, entries) : end;
}

/** The entry is not laid out as CouchDB does, or is cut off. */
const FOREIGN = -2;

const OPEN_ENTRY = Buffer.from("{");
const ID = Buffer.from('"id"');
const DOCS = Buffer.from('"docs"');
const OK = Buffer.from('"ok"');
const COLON = Buffer.from(":");
const COMMA = Buffer.from(",");
const OPEN_LIST = Buffer.from("[");
const CLOSE_LIST = Buffer.from("]");
const CLOSE_ENTRY = Buffer.from("}");
const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;

/** Position after `token`, spaces before it skipped; FOREIGN when something else stands there. */
function after(bytes: Buffer, from: number, token: Buffer): number {
  if (from < 0) return FOREIGN;
  let at = skipSpace(bytes, from);
  for (const expected of token) {
    if (bytes[at] !== expected) return FOREIGN;
    at++;
  }
  return at;
}

/** Reads each byte once: the reason why this exists beside `readAnyEntry`, which reads a document four times. */
function readUsualEntry(bytes: Buffer, start: number, entries: BulkGetEntry[]): number {
  let at = after(bytes, start, OPEN_ENTRY);
  at = after(bytes, after(bytes, at, ID), COLON);
  if (at < 0) return FOREIGN;
  const idStart = skipSpace(bytes, at);
  if (bytes[idStart] !== QUOTE) return FOREIGN;
  const idEnd = stringEnd(bytes, idStart);
  if (idEnd < 0) return FOREIGN;
  at = after(bytes, after(bytes, after(bytes, idEnd, COMMA), DOCS), COLON);
  at = after(bytes, at, OPEN_LIST);
  if (at < 0) return FOREIGN;
  const revisions: Revision[] = [];
  for (;;) {
    at = after(bytes, after(bytes, after(bytes, at, OPEN_ENTRY), OK), COLON);
    if (at < 0) return FOREIGN;
    const textStart = skipSpace(bytes, at);
    if (bytes[textStart] !== OPEN_OBJECT) return FOREIGN;
    const textEnd = scanDocument(bytes, textStart);
    if (textEnd < 0) return FOREIGN;
    revisions.push(found(bytes.subarray(textStart, textEnd), lastDocumentFlags()));
    at = after(bytes, textEnd, CLOSE_ENTRY);
    const next = after(bytes, at, COMMA);
    if (next < 0) break;
    at = next;
  }
  at = after(bytes, after(bytes, at, CLOSE_LIST), CLOSE_ENTRY);
  if (at < 0) return FOREIGN;
  entries.push({ id: stringText(bytes, idStart, idEnd), revisions });
  return at;
}

function readAnyEntry(bytes: Buffer, start: number, entries: BulkGetEntry[]): number {
  let id: string | undefined;
  const revisions: Revision[] = [];
  const end = walkMembers(bytes, start, (key, from, to) => {
    if (key === "id") id = stringText(bytes, from, to);
    else if (key === "docs") {
      walkElements(bytes, from, (elementStart) => {
        revisions.push(readRevision(bytes, elementStart));
      });
    }
  });
  if (end < 0) return INCOMPLETE;
  if (id === undefined) throw new JsonMismatch("an entry has no id");
  entries.push({ id, revisions });
  return end;
}

/** One element of an entry's `docs`, or of an `open_revs` answer. PouchDB's server says "not found" by `{}`. */
export function readRevision(bytes: Buffer, start: number): Revision {
  let revision: Revision = { found: false, rev: "", error: "not_found", reason: "missing", missing: true };
  walkMembers(bytes, start, (key, from, to) => {
    if (key === "ok") {
      scanDocument(bytes, from);
      revision = found(bytes.subarray(from, to), lastDocumentFlags());
    } else if (key === "error") {
      const failure = JSON.parse(bytes.toString("utf8", from, to)) as Record<string, unknown>;
      revision = failed(textOf(failure["rev"]), textOf(failure["error"]), textOf(failure["reason"]));
    } else if (key === "missing") {
      revision = failed(stringText(bytes, from, to), "not_found", "missing");
    }
  });
  return revision;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function failed(rev: string, error: string, reason: string): FailedRevision {
  return {
    found: false,
    rev: rev === "undefined" ? "" : rev,
    error,
    reason,
    missing: error === "not_found" && (reason === "missing" || reason === "deleted" || reason === ""),
  };
}

const TEXT_START = Buffer.from('{"_id":"');
const REV = Buffer.from(',"_rev":"');

function found(text: Buffer, flags: number): FoundRevision {
  return { found: true, rev: revisionOf(text), text, flags };
}

/** The document's `_rev`: CouchDB writes it second, right after `_id`. */
export function revisionOf(text: Buffer): string {
  if (after(text, 0, TEXT_START) === TEXT_START.length) {
    const idEnd = stringEnd(text, TEXT_START.length - 1);
    const revStart = after(text, idEnd, REV);
    if (revStart > 0) {
      const revEnd = stringEnd(text, revStart - 1);
      if (revEnd > 0) return stringText(text, revStart - 1, revEnd);
    }
  }
  return readMembers(text).rev;
}
