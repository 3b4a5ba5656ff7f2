/**
 * `_bulk_docs` with an answer for every document: a request that the target refuses as a whole is cut in halves until
 * the guilty documents stand alone, and all others are written.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { refusalOf, type ServiceRefusal } from "../../http/answer-failure.ts";
import type { CouchDatabase, WriteRow } from "../database.ts";

export interface BulkDocument {
  readonly id: string;
  readonly rev: string;
  readonly text: Buffer;
}

export type WriteResult =
  | { readonly ok: true; readonly rev: string }
  /** `error` and `reason` are the target's own words. */
  | { readonly ok: false; readonly error: string; readonly reason: string };

/** Statuses with which one document makes a whole request fail (B1, B11). */
const WHOLE_REQUEST_REFUSALS: ReadonlySet<number> = new Set([400, 403, 412, 413]);

/** CouchDB's words for an account that may do nothing at all now: no other request would fare better. */
const ACCOUNT_REFUSAL = /not allowed to access this db|temporarily locked/i;

/** Results in the order of the documents. Repeating it with `newEdits` false does no harm. */
export async function writeInBulk(
  database: CouchDatabase,
  docs: readonly BulkDocument[],
  newEdits: boolean,
  signal: AbortSignal,
): Promise<WriteResult[]> {
  if (docs.length === 0) return [];
  let rows: readonly WriteRow[];
  try {
    ({ rows } = await database.bulkDocs(
      docs.map((doc) => doc.text),
      { newEdits },
      signal,
    ));
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined || !concernsSomeDocument(database, refusal)) throw error;
    return await writeWithoutGuilty(database, docs, newEdits, refusal, signal);
  }
  return newEdits ? editResults(database, docs, rows) : replicaResults(docs, rows);
}

/** Whether the refusal of a request with one document is about that document. */
export function concernsDocument(refusal: ServiceRefusal): boolean {
  return WHOLE_REQUEST_REFUSALS.has(refusal.status) && !ACCOUNT_REFUSAL.test(refusal.reason);
}

/**
 * The same for several documents. A document that is forbidden has a row of its own; only databases that the service uses
 * itself (`_replicator`) forbid a whole request for the sake of one.
 */
function concernsSomeDocument(database: CouchDatabase, refusal: ServiceRefusal): boolean {
  const forbidden = refusal.status === 403 && ["forbidden", "unauthorized", ""].includes(refusal.error);
  return concernsDocument(refusal) && (!forbidden || database.name.startsWith("_"));
}

async function writeWithoutGuilty(
  database: CouchDatabase,
  docs: readonly BulkDocument[],
  newEdits: boolean,
  refusal: ServiceRefusal,
  signal: AbortSignal,
): Promise<WriteResult[]> {
  if (docs.length === 1) return [refused(refusal)];
  // The target names the document that is too large: it goes, and the others need no search.
  const guilty =
    refusal.error === "document_too_large" ? docs.findIndex((doc) => doc.id === refusal.reason) : -1;
  if (guilty >= 0) {
    const others = docs.filter((_, index) => index !== guilty);
    const results = await writeInBulk(database, others, newEdits, signal);
    return results.toSpliced(guilty, 0, refused(refusal));
  }
  const middle = docs.length >> 1;
  return [
    ...(await writeInBulk(database, docs.slice(0, middle), newEdits, signal)),
    ...(await writeInBulk(database, docs.slice(middle), newEdits, signal)),
  ];
}

export function refused(refusal: ServiceRefusal): WriteResult {
  return {
    ok: false,
    error: refusal.error === "" ? String(refusal.status) : refusal.error,
    reason: refusal.reason,
  };
}

/** With `new_edits` the answer has one row for each document, in order. */
function editResults(
  database: CouchDatabase,
  docs: readonly BulkDocument[],
  rows: readonly WriteRow[],
): WriteResult[] {
  if (rows.length !== docs.length) {
    throw new HoldfastError(
      "source-protocol",
      `wrote ${docs.length} documents of database "${database.name}", and the service answered for ${rows.length}`,
    );
  }
  return rows.map((row) => (row.ok ? { ok: true, rev: row.rev ?? "" } : failure(row)));
}

/** Without, only failures have a row; one without a revision concerns every revision of its document. */
function replicaResults(docs: readonly BulkDocument[], rows: readonly WriteRow[]): WriteResult[] {
  const failures = rows.filter((row) => !row.ok);
  return docs.map((doc) => {
    const row = failures.find(({ id, rev }) => id === doc.id && (rev === undefined || rev === doc.rev));
    return row === undefined ? { ok: true, rev: doc.rev } : failure(row);
  });
}

function failure(row: WriteRow): WriteResult {
  return { ok: false, error: row.error ?? "", reason: row.reason ?? "" };
}

/** The target's words for people. */
export function failureText(result: Extract<WriteResult, { ok: false }>): string {
  return result.reason === "" ? result.error : `${result.error}: ${result.reason}`;
}
