/**
 * One page of `_changes`: one row per document with its leaf revisions, winner first, and on demand the winner's raw text.
 */
import type { Clock, Millis } from "../../../model/clock.ts";
import type { CouchDatabase } from "../database.ts";
import { encodeSequence } from "../names.ts";
import {
  INCOMPLETE,
  JsonMismatch,
  lastDocumentFlags,
  scanDocument,
  stringEnd,
  stringText,
  valueEnd,
  walkElements,
  walkMembers,
} from "../../http/raw-json.ts";
import { ArrayCutter } from "../../http/array-cutter.ts";

export interface ChangesQuery {
  /** Opaque; undefined reads from the beginning. */
  readonly since: unknown;
  /** Rows; undefined reads to the end. */
  readonly limit?: number;
  readonly includeDocs?: boolean;
  /** Sequences are computed for every so many rows only; the others are null. */
  readonly seqInterval?: number;
  readonly descending?: boolean;
}

export interface ChangeRow {
  readonly id: string;
  /** Leaf revisions, winner first. */
  readonly revs: readonly string[];
  /** Whether the winner is deleted. */
  readonly deleted: boolean;
  /** The winner's raw text, where asked for; may lack `_revisions`. */
  readonly doc: Buffer | undefined;
  /** Bits of `MAY_BE_DELETED` and `MAY_HAVE_ATTACHMENTS` for `doc`. */
  readonly docFlags: number;
}

export interface ChangesEnd {
  /** Opaque; where the next page begins. */
  readonly lastSeq: unknown;
  /** Rows still to come; undefined where the server does not tell. */
  readonly pending: number | undefined;
  readonly rowCount: number;
  /** Body bytes of the page. */
  readonly bytes: number;
  /** When the request was sent and when its answer had arrived, ms UTC. */
  readonly sentAt: Millis;
  readonly arrivedAt: Millis;
}

export async function readChanges<C extends { row(row: ChangeRow): void }>(
  database: CouchDatabase,
  query: ChangesQuery,
  collect: () => C,
  clock: Clock,
  signal: AbortSignal,
): Promise<ChangesEnd & { readonly collected: C }> {
  return await database.exchange(
    {
      method: "GET",
      path: "/_changes",
      query: queryText(query),
      purpose: "read the changes",
      repeatable: true,
      class: "query",
    },
    async (answer) => {
      const collected = collect();
      let rowCount = 0;
      let bytes = 0;
      const cutter = new ArrayCutter("results", (piece, start) =>
        readRow(piece, start, (row) => {
          rowCount++;
          collected.row(row);
        }),
      );
      for await (const piece of answer.body) {
        bytes += piece.length;
        cutter.push(piece);
      }
      const rest = cutter.finish();
      const pending = rest["pending"];
      return {
        collected,
        lastSeq: rest["last_seq"],
        pending: typeof pending === "number" ? pending : undefined,
        rowCount,
        bytes,
        sentAt: answer.sentAt,
        arrivedAt: clock.now(),
      };
    },
    signal,
  );
}

function queryText(query: ChangesQuery): string {
  return [
    "style=all_docs",
    ...(query.since === undefined ? [] : [`since=${encodeSequence(query.since)}`]),
    ...(query.limit === undefined ? [] : [`limit=${query.limit}`]),
    ...(query.seqInterval === undefined ? [] : [`seq_interval=${query.seqInterval}`]),
    ...(query.descending === true ? ["descending=true"] : []),
    ...(query.includeDocs === true ? ["include_docs=true", "att_encoding_info=true"] : []),
  ].join("&");
}

const SEQ = Buffer.from('{"seq":');
const ID = Buffer.from(',"id":"');
const CHANGES = Buffer.from(',"changes":[{"rev":"');
const NEXT_REV = Buffer.from('"},{"rev":"');
const REVS_END = Buffer.from('"}]');
const DELETED = Buffer.from(',"deleted":true');
const DOC = Buffer.from(',"doc":{');

function has(bytes: Buffer, at: number, expected: Buffer): boolean {
  const end = expected.length;
  for (let index = 0; index < end; index++) {
    if (bytes[at + index] !== expected[index]) return false;
  }
  return true;
}

/** Reads the row at `start`; its end, or INCOMPLETE. Rows in CouchDB's own layout take the short way. */
export function readRow(bytes: Buffer, start: number, row: (row: ChangeRow) => void): number {
  const end = readCompactRow(bytes, start, row);
  return end === FOREIGN ? readAnyRow(bytes, start, row) : end;
}

/** The row is not written as CouchDB writes it, or is cut off. */
const FOREIGN = -2;

const CLOSE_OBJECT = 0x7d;
const QUOTE = 0x22;

function readCompactRow(bytes: Buffer, start: number, row: (row: ChangeRow) => void): number {
  if (!has(bytes, start, SEQ)) return FOREIGN;
  const seqEnd = valueEnd(bytes, start + SEQ.length);
  if (seqEnd < 0) return INCOMPLETE;
  if (!has(bytes, seqEnd, ID)) return FOREIGN;
  const idStart = seqEnd + ID.length - 1;
  const idEnd = stringEnd(bytes, idStart);
  if (idEnd < 0) return INCOMPLETE;
  if (!has(bytes, idEnd, CHANGES)) return FOREIGN;
  const revs: string[] = [];
  let at = idEnd + CHANGES.length;
  for (;;) {
    const quote = closingQuote(bytes, at);
    if (quote < 0) return FOREIGN;
    revs.push(bytes.toString("latin1", at, quote));
    if (has(bytes, quote, REVS_END)) {
      at = quote + REVS_END.length;
      break;
    }
    if (!has(bytes, quote, NEXT_REV)) return FOREIGN;
    at = quote + NEXT_REV.length;
  }
  const deleted = has(bytes, at, DELETED);
  if (deleted) at += DELETED.length;
  let doc: Buffer | undefined;
  let docFlags = 0;
  if (has(bytes, at, DOC)) {
    const docStart = at + DOC.length - 1;
    at = scanDocument(bytes, docStart);
    if (at < 0) return INCOMPLETE;
    docFlags = lastDocumentFlags();
    doc = bytes.subarray(docStart, at);
  }
  if (bytes[at] !== CLOSE_OBJECT) return FOREIGN;
  row({ id: stringText(bytes, idStart, idEnd), revs, deleted, doc, docFlags });
  return at + 1;
}

/** Position of the next quote within a revision's length; negative when there is none or an escape comes first. */
function closingQuote(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte === 0x5c || byte >= 0x80) return INCOMPLETE;
  }
  return INCOMPLETE;
}

function readAnyRow(bytes: Buffer, start: number, row: (row: ChangeRow) => void): number {
  let id = "";
  let deleted = false;
  let doc: Buffer | undefined;
  let docFlags = 0;
  const revs: string[] = [];
  const end = walkMembers(bytes, start, (key, from, to) => {
    if (key === "id") id = stringText(bytes, from, to);
    else if (key === "deleted") deleted = bytes.toString("latin1", from, to) === "true";
    else if (key === "changes") {
      walkElements(bytes, from, (changeStart) => {
        walkMembers(bytes, changeStart, (name, revStart, revEnd) => {
          if (name === "rev") revs.push(stringText(bytes, revStart, revEnd));
        });
      });
    } else if (key === "doc" && bytes[from] === 0x7b) {
      doc = bytes.subarray(from, scanDocument(bytes, from));
      docFlags = lastDocumentFlags();
    }
  });
  if (end < 0) return INCOMPLETE;
  if (id === "" || revs.length === 0) throw new JsonMismatch("a row has no id or no revision");
  row({ id, revs, deleted, doc, docFlags });
  return end;
}
