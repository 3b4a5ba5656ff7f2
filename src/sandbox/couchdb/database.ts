/**
 * One database: its rows, counters and settings. Reading and writing of single records; what an update means is
 * decided in update.ts. Everything is synchronous, so a request never sees half of another's write.
 */
import { EventEmitter } from "node:events";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

import type { Attachment } from "./attachment-json.ts";
import { AttachmentStore } from "./attachment-store.ts";
import { normaliseJson } from "./json-text.ts";
import type { IdRange } from "./id-range.ts";
import { rangeSql } from "./id-range.ts";
import type { Leaf, RevisionTree } from "./revision-tree.ts";
import { rankedLeaves } from "./revision-tree.ts";
import { formatRevision } from "./revision.ts";
import { SequenceCodec } from "./sequence.ts";
import type { DatabaseRow } from "./storage.ts";
import { forDatabase } from "./storage.ts";

/** A document's row. */
export interface DocumentRecord {
  readonly doc: number;
  readonly id: string;
  readonly seq: number;
  /** The winner's. */
  readonly rev: string;
  readonly deleted: boolean;
  readonly tree: RevisionTree;
}

/** A stored body: the members without braces, and the attachments. */
export interface StoredBody {
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

/** A row of a listing with the winner's body: seq, id, rev, deleted, leaves, body text, attachments. */
export type ListingRow = [
  seq: number,
  id: string,
  rev: string,
  deleted: number,
  leaves: string | null,
  text: string,
  attachments: string | null,
];

const LISTING =
  "SELECT d.seq, d.id, d.rev, d.deleted, d.leaves, b.text, b.attachments FROM {docs} d JOIN {bodies} b ON b.body = d.body";
const BARE_LISTING = "SELECT seq, id, rev, deleted, leaves, '', NULL FROM {docs} d";

export class Database {
  readonly name: string;
  readonly number: number;
  readonly incarnation: string;
  readonly created: number;
  readonly q: number;
  readonly n: number;
  readonly partitioned: boolean;
  readonly sequences: SequenceCodec;
  readonly attachments: AttachmentStore;
  /** Emits `change` after every committed write and `deleted` when the database goes away. */
  readonly events = new EventEmitter().setMaxListeners(0);
  security: string;
  revsLimit: number;
  purgedInfosLimit: number;
  updateSeq: number;
  purgeSeq: number;
  docCount: number;
  deletedCount: number;
  external: number;
  isDeleted = false;
  readonly #sqlite: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(sqlite: DatabaseSync, row: DatabaseRow, maxAttachmentBytes: number) {
    this.#sqlite = sqlite;
    this.name = row.name;
    this.number = row.number;
    this.incarnation = row.incarnation;
    this.created = row.created;
    this.q = row.q;
    this.n = row.n;
    this.partitioned = row.partitioned === 1;
    this.security = row.security;
    this.revsLimit = row.revs_limit;
    this.purgedInfosLimit = row.purged_infos_limit;
    this.updateSeq = row.update_seq;
    this.purgeSeq = row.purge_seq;
    this.docCount = row.doc_count;
    this.deletedCount = row.doc_del_count;
    this.external = row.external;
    this.sequences = new SequenceCodec(row.incarnation);
    this.attachments = new AttachmentStore(sqlite, row.number, maxAttachmentBytes);
  }

  /** Runs `work` so that all of its writes happen or none; counters are written with it and watchers are told. */
  transaction<T>(work: () => T): T {
    const { updateSeq, purgeSeq, docCount, deletedCount, external } = this;
    this.#sqlite.exec("BEGIN");
    let result: T;
    try {
      result = work();
      this.#saveCounters();
      this.#sqlite.exec("COMMIT");
    } catch (error) {
      this.#sqlite.exec("ROLLBACK");
      Object.assign(this, { updateSeq, purgeSeq, docCount, deletedCount, external });
      throw error;
    }
    if (this.updateSeq !== updateSeq) this.events.emit("change");
    return result;
  }

  find(id: string): DocumentRecord | null {
    const row = this.#get("SELECT doc, id, seq, rev, deleted, tree FROM {docs} WHERE id = ?", id);
    if (row === undefined) return null;
    return {
      doc: row["doc"] as number,
      id,
      seq: row["seq"] as number,
      rev: row["rev"] as string,
      deleted: row["deleted"] === 1,
      tree: JSON.parse(row["tree"] as string) as RevisionTree,
    };
  }

  body(number: number): StoredBody {
    const row = this.#get("SELECT text, attachments FROM {bodies} WHERE body = ?", number);
    const attachments = row?.["attachments"] as string | null | undefined;
    return {
      text: (row?.["text"] as string | undefined) ?? "",
      attachments: typeof attachments === "string" ? (JSON.parse(attachments) as Attachment[]) : [],
    };
  }

  /** Stores a body, given with its braces, and returns its number. */
  addBody(body: string, attachments: readonly Attachment[]): number {
    const text = innerText(body);
    const list = attachments.length === 0 ? null : JSON.stringify(attachments);
    const result = this.#run("INSERT INTO {bodies} (text, attachments) VALUES (?, ?)", text, list);
    this.external += text.length + 2;
    return Number(result.lastInsertRowid);
  }

  removeBody(number: number): void {
    this.#run("DELETE FROM {bodies} WHERE body = ?", number);
  }

  /** Writes a document's tree as its newest change. */
  save(id: string, known: DocumentRecord | null, tree: RevisionTree): void {
    const ranked = rankedLeaves(tree);
    const winner = ranked[0];
    if (winner === undefined) throw new Error(`document ${id} has no leaf`);
    const rev = formatRevision(winner);
    const deleted = winner.deleted ? 1 : 0;
    const list = ranked.length === 1 ? null : leafList(ranked);
    const text = JSON.stringify(tree);
    const seq = ++this.updateSeq;
    if (known === null) {
      this.#run(
        "INSERT INTO {docs} (id, seq, rev, deleted, leaves, tree, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
        id,
        seq,
        rev,
        deleted,
        list,
        text,
        winner.body,
      );
    } else {
      this.#run(
        "UPDATE {docs} SET seq = ?, rev = ?, deleted = ?, leaves = ?, tree = ?, body = ? WHERE doc = ?",
        seq,
        rev,
        deleted,
        list,
        text,
        winner.body,
        known.doc,
      );
      if (known.deleted) this.deletedCount--;
      else this.docCount--;
    }
    if (winner.deleted) this.deletedCount++;
    else this.docCount++;
  }

  /** Replaces a tree without its being a change: compaction. */
  replaceTree(doc: number, tree: RevisionTree): void {
    this.#run("UPDATE {docs} SET tree = ? WHERE doc = ?", JSON.stringify(tree), doc);
  }

  /** Removes a document as if it had never been: purge. */
  erase(record: DocumentRecord): void {
    this.#run("DELETE FROM {docs} WHERE doc = ?", record.doc);
    if (record.deleted) this.deletedCount--;
    else this.docCount--;
    this.updateSeq++;
  }

  /** Rows changed after `since` up to `through`, oldest change first, or newest first from `through` downwards. */
  changes(since: number, through: number, limit: number, descending: boolean, bodies: boolean): ListingRow[] {
    const order = descending ? "DESC" : "ASC";
    const sql = `${bodies ? LISTING : BARE_LISTING} WHERE d.seq > ? AND d.seq <= ? ORDER BY d.seq ${order} LIMIT ?`;
    return this.#rows(sql, since, through, limit);
  }

  countChanges(since: number, through: number): number {
    const sql = "SELECT count(*) AS count FROM {docs} WHERE seq > ? AND seq <= ?";
    return Number(this.#get(sql, since, through)?.["count"] ?? 0);
  }

  /** Live documents by id in byte order within the bounds. */
  documents(range: IdRange, limit: number, skip: number, bodies: boolean): ListingRow[] {
    const { sql, bounds } = rangeSql(range);
    const order = range.descending ? "DESC" : "ASC";
    const listing = bodies ? LISTING : BARE_LISTING;
    return this.#rows(
      `${listing} WHERE d.deleted = 0${sql} ORDER BY d.id ${order} LIMIT ? OFFSET ?`,
      ...bounds,
      limit,
      skip,
    );
  }

  countDocuments(range: IdRange): number {
    const { sql, bounds } = rangeSql(range);
    return Number(
      this.#get(`SELECT count(*) AS count FROM {docs} d WHERE d.deleted = 0${sql}`, ...bounds)?.["count"] ??
        0,
    );
  }

  /** The listing row of one id, deleted or not. */
  listing(id: string, bodies: boolean): ListingRow | undefined {
    return this.#rows(`${bodies ? LISTING : BARE_LISTING} WHERE d.id = ?`, id)[0];
  }

  /** Row of a table that only one file uses; `{locals}` and the like name the tables. */
  get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#get(sql, ...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Record<string, unknown>[] {
    return this.#prepare(sql).all(...values);
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.#run(sql, ...values);
  }

  /** Writes settings that are not part of a transaction of documents. */
  saveSettings(): void {
    this.#sqlite
      .prepare("UPDATE databases SET security = ?, revs_limit = ?, purged_infos_limit = ? WHERE number = ?")
      .run(this.security, this.revsLimit, this.purgedInfosLimit, this.number);
  }

  /** Lets go of the prepared statements, so that the tables can be dropped. */
  finalize(): void {
    this.#statements.clear();
  }

  #saveCounters(): void {
    let statement = this.#statements.get("counters");
    if (statement === undefined) {
      statement = this.#sqlite.prepare(
        "UPDATE databases SET update_seq = ?, purge_seq = ?, doc_count = ?, doc_del_count = ?, external = ? WHERE number = ?",
      );
      this.#statements.set("counters", statement);
    }
    statement.run(
      this.updateSeq,
      this.purgeSeq,
      this.docCount,
      this.deletedCount,
      this.external,
      this.number,
    );
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#sqlite.prepare(forDatabase(sql, this.number));
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #get(sql: string, ...values: SQLInputValue[]): Record<string, unknown> | undefined {
    return this.#prepare(sql).get(...values);
  }

  #run(sql: string, ...values: SQLInputValue[]): { lastInsertRowid: number | bigint } {
    return this.#prepare(sql).run(...values);
  }

  #rows(sql: string, ...values: SQLInputValue[]): ListingRow[] {
    const statement = this.#prepare(sql);
    // Arrays cost half of what objects cost to make, and listings are what a backup reads most.
    statement.setReturnArrays(true);
    return statement.all(...values) as unknown as ListingRow[];
  }
}

/** The members as they are shown: without braces, and without the sign that a hash sees in `-0.0`. */
export function innerText(body: string): string {
  return (body.includes("-0.0") ? normaliseJson(body) : body).slice(1, -1);
}

function leafList(ranked: readonly Leaf[]): string {
  return ranked.map((leaf) => `{"rev":${JSON.stringify(formatRevision(leaf))}}`).join(",");
}
