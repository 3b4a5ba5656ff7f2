/**
 * Writing documents: raw texts in, the service's rows out.
 */
import type { RequestBody } from "../http/request-body.ts";
import { readJson } from "../http/whole-answer.ts";
import type { CouchDatabase } from "./database.ts";
import { documentPath } from "./names.ts";

/** A row of a `_bulk_docs` or `_purge`-like answer. */
export interface WriteRow {
  readonly id: string;
  readonly ok: boolean;
  readonly rev: string | undefined;
  readonly error: string | undefined;
  readonly reason: string | undefined;
}

export interface PutOptions {
  readonly newEdits: boolean;
  readonly contentType: string;
  /** Bytes. */
  readonly contentLength?: number;
}

/**
 * `POST /_bulk_docs` with raw document texts. With `newEdits` false only failures have a row, and repeating is safe.
 * A request refused as a whole throws; `refusalOf(error)` has the service's words.
 */
export async function bulkDocs(
  database: CouchDatabase,
  docs: readonly Buffer[],
  options: { readonly newEdits: boolean },
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly rows: readonly WriteRow[] }> {
  const body: Buffer[] = [Buffer.from(options.newEdits ? '{"docs":[' : '{"new_edits":false,"docs":[')];
  docs.forEach((doc, index) => {
    if (index > 0) body.push(COMMA);
    body.push(doc);
  });
  body.push(CLOSE);
  return await database.exchange(
    {
      method: "POST",
      path: "/_bulk_docs",
      body,
      purpose: `write ${docs.length} documents`,
      repeatable: !options.newEdits,
      class: "write",
      units: docs.length,
    },
    async (answer) => ({ status: answer.status, rows: writeRows(await readJson(answer)) }),
    signal,
  );
}

/** `PUT /db/doc`, e.g. as `multipart/related`. Never for the ids `.` and `..`. */
export async function putDocument(
  database: CouchDatabase,
  id: string,
  body: RequestBody,
  options: PutOptions,
  signal: AbortSignal,
): Promise<WriteRow> {
  const row = await database.exchange(
    {
      method: "PUT",
      path: documentPath(id),
      query: options.newEdits ? "" : "new_edits=false",
      headers: {
        "content-type": options.contentType,
        ...(options.contentLength === undefined ? {} : { "content-length": String(options.contentLength) }),
      },
      body,
      purpose: `write "${id}"`,
      repeatable: !options.newEdits,
      class: "write",
    },
    readJson,
    signal,
  );
  return writeRow(row);
}

/** Removes revisions without leaving tombstones (server admin). Returns what was purged. */
export async function purge(
  database: CouchDatabase,
  revs: ReadonlyMap<string, readonly string[]>,
  signal: AbortSignal,
): Promise<Map<string, readonly string[]>> {
  const body = `{${[...revs].map(([id, list]) => `${JSON.stringify(id)}:${JSON.stringify(list)}`).join(",")}}`;
  const answer = (await database.exchange(
    {
      method: "POST",
      path: "/_purge",
      body: Buffer.from(body),
      purpose: `purge ${revs.size} documents`,
      repeatable: true,
      class: "write",
      units: revs.size,
    },
    readJson,
    signal,
  )) as { purged?: Record<string, string[]> };
  return new Map(Object.entries(answer.purged ?? {}));
}

const COMMA = Buffer.from(",");
const CLOSE = Buffer.from("]}");

function writeRows(json: unknown): WriteRow[] {
  return Array.isArray(json) ? json.map(writeRow) : [];
}

function writeRow(json: unknown): WriteRow {
  const row = json as Record<string, unknown>;
  return {
    id: textOf(row["id"]) ?? "",
    ok: row["error"] === undefined,
    rev: textOf(row["rev"]),
    error: textOf(row["error"]),
    reason: textOf(row["reason"]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
