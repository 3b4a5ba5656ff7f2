/**
 * One database: reading and writing of documents, feed, attachments and settings. Bodies travel as the raw bytes of
 * the wire; what is parsed is only the service's own framing.
 *
 * Ids are JavaScript strings here (a document id is always valid UTF-8); `keyOf(id)` makes the item key.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { HttpAnswer, HttpRequest } from "../http/http-client.ts";
import type { RequestBody } from "../http/request-body.ts";
import { readBytes, readJson } from "../http/whole-answer.ts";
import type { CouchClient } from "./client.ts";
import { databaseInfo, type DatabaseInfo } from "./database-info.ts";
import { attachmentPath, documentPath, encodeName } from "./names.ts";
import { readAllDocs, type AllDocsPage, type AllDocsQuery } from "./reading/all-docs.ts";
import { readBulkGet, type BulkGetEntry } from "./reading/bulk-get.ts";
import { readChanges, type ChangeRow, type ChangesEnd, type ChangesQuery } from "./reading/changes.ts";
import { readOpenRevs } from "./reading/open-revs.ts";
import { readPurgedInfos, readRevsDiff, type PurgedInfo, type RevsDiff } from "./reading/revisions.ts";
import { bulkDocs, purge, putDocument, type PutOptions, type WriteRow } from "./writing.ts";

export type { RevsDiff } from "./reading/revisions.ts";
export type { WriteRow } from "./writing.ts";

/** A document, or one revision of it. */
export interface DocRef {
  readonly id: string;
  readonly rev?: string;
}

export class CouchDatabase {
  readonly name: string;
  readonly client: CouchClient;

  constructor(client: CouchClient, name: string) {
    this.client = client;
    this.name = name;
  }

  /** Any exchange below the database's own path; `path` begins with a slash or is empty. */
  async exchange<T>(
    request: Omit<HttpRequest, "purpose"> & { readonly purpose: string },
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.client.exchange(
      {
        ...request,
        path: `/${encodeName(this.name)}${request.path}`,
        purpose: `${request.purpose} of database "${this.name}"`,
      },
      read,
      signal,
    );
  }

  // --- the database itself

  /** Throws `source-not-found` when there is none. */
  async info(signal: AbortSignal): Promise<DatabaseInfo> {
    return databaseInfo(await this.#getJson("", "read the facts", signal));
  }

  /** False: it exists already. */
  async create(
    options: { readonly q?: number; readonly n?: number; readonly partitioned?: boolean },
    signal: AbortSignal,
  ): Promise<boolean> {
    const query = [
      ...(options.q === undefined ? [] : [`q=${options.q}`]),
      ...(options.n === undefined ? [] : [`n=${options.n}`]),
      ...(options.partitioned === true ? ["partitioned=true"] : []),
    ].join("&");
    return await this.exchange(
      {
        method: "PUT",
        path: "",
        query,
        purpose: "make a new incarnation",
        repeatable: true,
        class: "write",
        accept: [412],
      },
      (answer) => Promise.resolve(answer.status !== 412),
      signal,
    );
  }

  /** Deletes the database with all it holds; true when there was one. */
  async remove(signal: AbortSignal): Promise<boolean> {
    return await this.exchange(
      { method: "DELETE", path: "", purpose: "delete all", repeatable: true, class: "write", accept: [404] },
      (answer) => Promise.resolve(answer.status !== 404),
      signal,
    );
  }

  /** The security object's raw text. */
  async security(signal: AbortSignal): Promise<Buffer> {
    return trimmed(
      await this.exchange(
        { method: "GET", path: "/_security", purpose: "read the security object", repeatable: true },
        readBytes,
        signal,
      ),
    );
  }

  async putSecurity(text: Buffer, signal: AbortSignal): Promise<void> {
    await this.#put("/_security", text, "write the security object", signal);
  }

  async revsLimit(signal: AbortSignal): Promise<number | undefined> {
    return await this.#numberSetting("/_revs_limit", signal);
  }

  async putRevsLimit(limit: number, signal: AbortSignal): Promise<void> {
    await this.#put("/_revs_limit", Buffer.from(String(limit)), "set the revision limit", signal);
  }

  /** Undefined where the server has no such setting. */
  async purgedInfosLimit(signal: AbortSignal): Promise<number | undefined> {
    return await this.#numberSetting("/_purged_infos_limit", signal);
  }

  async putPurgedInfosLimit(limit: number, signal: AbortSignal): Promise<void> {
    await this.#put("/_purged_infos_limit", Buffer.from(String(limit)), "set the purge limit", signal);
  }

  // --- reading documents

  /**
   * One page of the feed; rows go to the collector that `collect` makes anew for each attempt.
   */
  async readChanges<C extends { row(row: ChangeRow): void }>(
    query: ChangesQuery,
    collect: () => C,
    signal: AbortSignal,
  ): Promise<ChangesEnd & { readonly collected: C }> {
    return await readChanges(this, query, collect, this.client.clock, signal);
  }

  /** One page of the feed with all its rows in memory: bound it by `limit`. */
  async changes(
    query: ChangesQuery,
    signal: AbortSignal,
  ): Promise<ChangesEnd & { readonly rows: ChangeRow[] }> {
    const page = await this.readChanges(
      query,
      () => {
        const rows: ChangeRow[] = [];
        return { rows, row: (row: ChangeRow) => rows.push(row) };
      },
      signal,
    );
    return { ...page, rows: page.collected.rows };
  }

  /**
   * The revisions asked for (all leaves where no `rev` is given), one entry per reference, in the order of the references, with raw
   * document texts that hold `_revisions`. The service's failures are entries, not errors.
   */
  async bulkGet(
    refs: readonly DocRef[],
    options: { readonly attachments?: boolean },
    signal: AbortSignal,
  ): Promise<BulkGetEntry[]> {
    return await readBulkGet(this, refs, options, signal);
  }

  /** As `bulkGet` for one document, for servers that have no `_bulk_get`. */
  async openRevs(id: string, revs: readonly string[] | "all", signal: AbortSignal): Promise<BulkGetEntry> {
    return await readOpenRevs(this, id, revs, signal);
  }

  async allDocs(query: AllDocsQuery, signal: AbortSignal): Promise<AllDocsPage> {
    return await readAllDocs(this, "/_all_docs", query, signal);
  }

  /** As `allDocs`, over `_local/…` documents. Throws `source-not-found` where the server cannot list them. */
  async localDocs(query: AllDocsQuery, signal: AbortSignal): Promise<AllDocsPage> {
    return await readAllDocs(this, "/_local_docs", query, signal);
  }

  /** One document's raw text (winner, or `rev`); undefined when there is none. Never for the ids `.` and `..`. */
  async document(id: string, query: string, signal: AbortSignal): Promise<Buffer | undefined> {
    return await this.exchange(
      {
        method: "GET",
        path: documentPath(id),
        query,
        purpose: `read "${id}"`,
        repeatable: true,
        accept: [404],
      },
      async (answer) => (answer.status === 404 ? undefined : trimmed(await readBytes(answer))),
      signal,
    );
  }

  /** A `_local` document's raw text; `id` without its prefix. */
  async getLocal(id: string, signal: AbortSignal): Promise<Buffer | undefined> {
    return await this.document(`_local/${id}`, "", signal);
  }

  /** Writes a `_local` document; `text` holds its `_rev` when it exists already. Returns the new revision. */
  async putLocal(id: string, text: Buffer, signal: AbortSignal): Promise<string> {
    const row = (await this.exchange(
      {
        method: "PUT",
        path: documentPath(`_local/${id}`),
        body: text,
        purpose: `write "_local/${id}"`,
        repeatable: true,
        class: "write",
      },
      readJson,
      signal,
    )) as { rev: string };
    return row.rev;
  }

  /** The attachment as the server stores it: `read` sees `content-encoding: gzip` when those are gzip bytes. */
  async attachment<T>(
    id: string,
    name: string,
    rev: string,
    read: (answer: HttpAnswer) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.exchange(
      {
        method: "GET",
        path: attachmentPath(id, name),
        query: `rev=${encodeName(rev)}`,
        headers: { accept: "*/*" },
        purpose: `read attachment "${name}" of "${id}"`,
        repeatable: true,
        keepEncoding: true,
      },
      read,
      signal,
    );
  }

  /** Which of the revisions are not there; documents of which all are there are left out. */
  async revsDiff(
    revs: ReadonlyMap<string, readonly string[]>,
    signal: AbortSignal,
  ): Promise<Map<string, RevsDiff>> {
    return await readRevsDiff(this, revs, signal);
  }

  /** Ids of recently purged documents with their purged revisions; undefined where the server does not tell. */
  async purgedInfos(signal: AbortSignal): Promise<PurgedInfo[] | undefined> {
    return await readPurgedInfos(this, signal);
  }

  // --- writing documents

  /** `POST /_bulk_docs` with raw texts; see `bulkDocs` in `writing.ts`. */
  async bulkDocs(
    docs: readonly Buffer[],
    options: { readonly newEdits: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly rows: readonly WriteRow[] }> {
    return await bulkDocs(this, docs, options, signal);
  }

  /** `PUT /db/doc`, e.g. as `multipart/related`. Never for the ids `.` and `..`. */
  async putDocument(
    id: string,
    body: RequestBody,
    options: PutOptions,
    signal: AbortSignal,
  ): Promise<WriteRow> {
    return await putDocument(this, id, body, options, signal);
  }

  /** Removes revisions without leaving tombstones (server admin). Returns what was purged. */
  async purge(
    revs: ReadonlyMap<string, readonly string[]>,
    signal: AbortSignal,
  ): Promise<Map<string, readonly string[]>> {
    return await purge(this, revs, signal);
  }

  async #getJson(path: string, purpose: string, signal: AbortSignal): Promise<unknown> {
    return await this.exchange({ method: "GET", path, purpose, repeatable: true }, readJson, signal);
  }

  async #put(path: string, body: Buffer, purpose: string, signal: AbortSignal): Promise<void> {
    await this.exchange(
      { method: "PUT", path, body, purpose, repeatable: true, class: "write" },
      () => Promise.resolve(),
      signal,
    );
  }

  async #numberSetting(path: string, signal: AbortSignal): Promise<number | undefined> {
    try {
      const value = await this.#getJson(path, `read the setting ${path.slice(2)}`, signal);
      return typeof value === "number" ? value : undefined;
    } catch (error) {
      if (isHoldfastError(error, "source-not-found", "source-forbidden", "source-protocol")) return undefined;
      throw error;
    }
  }
}

function trimmed(text: Buffer): Buffer {
  let end = text.length;
  while (end > 0 && (text[end - 1] as number) <= 0x20) end--;
  return text.subarray(0, end);
}
