/**
 * `_all_docs` and `_local_docs`: documents in id order, or by a list of ids.
 */
import type { CouchDatabase } from "../database.ts";
import { encodeName } from "../names.ts";
import { INCOMPLETE, JsonMismatch, stringText, walkMembers } from "../../http/raw-json.ts";
import { ArrayCutter } from "../../http/array-cutter.ts";

export interface AllDocsQuery {
  /** Exactly these ids, in this order; deleted ones are told too. */
  readonly keys?: readonly string[];
  readonly startKey?: string;
  readonly endKey?: string;
  readonly limit?: number;
  /** Rows left out at the beginning: 1 to go on after `startKey`. */
  readonly skip?: number;
  readonly includeDocs?: boolean;
  readonly descending?: boolean;
}

export interface AllDocsRow {
  readonly id: string;
  /** The winner; undefined when there is no such document. */
  readonly rev: string | undefined;
  readonly deleted: boolean;
  /** The winner's raw text, where asked for and not deleted. */
  readonly doc: Buffer | undefined;
  /** The service's word when it could not tell, `not_found` when there is no such document. */
  readonly error: string | undefined;
}

export interface AllDocsPage {
  readonly rows: readonly AllDocsRow[];
  /** Documents in the database; undefined where not told. */
  readonly totalRows: number | undefined;
}

export async function readAllDocs(
  database: CouchDatabase,
  path: "/_all_docs" | "/_local_docs",
  query: AllDocsQuery,
  signal: AbortSignal,
): Promise<AllDocsPage> {
  return await database.exchange(
    {
      method: query.keys === undefined ? "GET" : "POST",
      path,
      query: queryText(query),
      ...(query.keys === undefined
        ? {}
        : { body: Buffer.from(JSON.stringify({ keys: query.keys }), "utf8") }),
      purpose: path === "/_all_docs" ? "list the documents" : "list the local documents",
      repeatable: true,
      class: "query",
    },
    async (answer) => {
      const rows: AllDocsRow[] = [];
      const cutter = new ArrayCutter("rows", (bytes, start) => readRow(bytes, start, rows));
      for await (const piece of answer.body) cutter.push(piece);
      const totalRows = cutter.finish()["total_rows"];
      return { rows, totalRows: typeof totalRows === "number" ? totalRows : undefined };
    },
    signal,
  );
}

function queryText(query: AllDocsQuery): string {
  return [
    ...(query.startKey === undefined ? [] : [`startkey=${jsonText(query.startKey)}`]),
    ...(query.endKey === undefined ? [] : [`endkey=${jsonText(query.endKey)}`]),
    ...(query.limit === undefined ? [] : [`limit=${query.limit}`]),
    ...(query.skip === undefined ? [] : [`skip=${query.skip}`]),
    ...(query.descending === true ? ["descending=true"] : []),
    ...(query.includeDocs === true ? ["include_docs=true", "att_encoding_info=true"] : []),
  ].join("&");
}

function jsonText(text: string): string {
  return encodeName(JSON.stringify(text));
}

const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;

function readRow(bytes: Buffer, start: number, rows: AllDocsRow[]): number {
  let id: string | undefined;
  let key: string | undefined;
  let rev: string | undefined;
  let deleted = false;
  let doc: Buffer | undefined;
  let error: string | undefined;
  const end = walkMembers(bytes, start, (name, from, to) => {
    if (name === "id" && bytes[from] === QUOTE) id = stringText(bytes, from, to);
    else if (name === "key" && bytes[from] === QUOTE) key = stringText(bytes, from, to);
    else if (name === "error") error = stringText(bytes, from, to);
    else if (name === "doc" && bytes[from] === OPEN_OBJECT) doc = bytes.subarray(from, to);
    else if (name === "value" && bytes[from] === OPEN_OBJECT) {
      walkMembers(bytes, from, (member, valueStart, valueEnd) => {
        if (member === "rev") rev = stringText(bytes, valueStart, valueEnd);
        else if (member === "deleted") deleted = bytes.toString("latin1", valueStart, valueEnd) === "true";
      });
    }
  });
  if (end < 0) return INCOMPLETE;
  const name = id ?? key;
  if (name === undefined) throw new JsonMismatch("a row has no id");
  rows.push({ id: name, rev, deleted, doc, error });
  return end;
}
