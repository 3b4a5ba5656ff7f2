/**
 * The SQLite file behind one stand-in: a list of databases, and five tables for each of them, so that deleting a database costs
 * no more than dropping tables. The layout is private to this folder and may change with every version.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** What is fixed when a database is created, and its counters as of the last commit. */
export interface DatabaseRow {
  /** Number in table names. */
  readonly number: number;
  readonly name: string;
  /** 16 hexadecimal digits, new for every creation. */
  readonly incarnation: string;
  /** Seconds since 1970; the `instance_start_time`. */
  readonly created: number;
  readonly q: number;
  readonly n: number;
  readonly partitioned: number;
  readonly security: string;
  readonly revs_limit: number;
  readonly purged_infos_limit: number;
  readonly update_seq: number;
  readonly purge_seq: number;
  readonly doc_count: number;
  readonly doc_del_count: number;
  /** Bytes of bodies and attachments. */
  readonly external: number;
}

const LIST = `CREATE TABLE IF NOT EXISTS databases (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, incarnation TEXT NOT NULL, created INTEGER NOT NULL,
  q INTEGER NOT NULL, n INTEGER NOT NULL, partitioned INTEGER NOT NULL, security TEXT NOT NULL,
  revs_limit INTEGER NOT NULL DEFAULT 1000, purged_infos_limit INTEGER NOT NULL DEFAULT 1000,
  update_seq INTEGER NOT NULL DEFAULT 0, purge_seq INTEGER NOT NULL DEFAULT 0,
  doc_count INTEGER NOT NULL DEFAULT 0, doc_del_count INTEGER NOT NULL DEFAULT 0, external INTEGER NOT NULL DEFAULT 0
) STRICT`;

const TABLES = ["docs", "bodies", "parts", "locals", "purges"] as const;

/** `docs.leaves` is the text of the leaf list of a row of `_changes`, null where there is one leaf only. */
const PER_DATABASE = `
CREATE TABLE {docs} (doc INTEGER PRIMARY KEY, id TEXT NOT NULL, seq INTEGER NOT NULL, rev TEXT NOT NULL,
  deleted INTEGER NOT NULL, leaves TEXT, tree TEXT NOT NULL, body INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX {docs}_id ON {docs} (id);
CREATE UNIQUE INDEX {docs}_seq ON {docs} (seq);
CREATE TABLE {bodies} (body INTEGER PRIMARY KEY, text TEXT NOT NULL, attachments TEXT) STRICT;
CREATE TABLE {parts} (data INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX {parts}_data ON {parts} (data, part);
CREATE TABLE {locals} (id TEXT PRIMARY KEY, rev INTEGER NOT NULL, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE {purges} (purge INTEGER PRIMARY KEY, id TEXT NOT NULL, revs TEXT NOT NULL) STRICT;
`;

/** Opens `couchdb.sqlite` in the folder, or a store in memory. */
export function openStorage(folder: string | undefined): DatabaseSync {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const sqlite = new DatabaseSync(folder === undefined ? ":memory:" : join(folder, "couchdb.sqlite"));
  // A stand-in must survive its own process, not a power cut: no waiting for the disk.
  sqlite.exec(
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY",
  );
  sqlite.exec(LIST);
  return sqlite;
}

/** Replaces `{docs}`, `{bodies}`, … by the names of one database's tables. */
export function forDatabase(sql: string, number: number): string {
  return sql.replaceAll(/\{(\w+)\}/g, (_, table: string) => `${table}_${number}`);
}

export function createTables(sqlite: DatabaseSync, number: number): void {
  sqlite.exec(forDatabase(PER_DATABASE, number));
}

export function dropTables(sqlite: DatabaseSync, number: number): void {
  for (const table of TABLES) sqlite.exec(`DROP TABLE ${table}_${number}`);
}
