/**
 * What a server remembers of its jobs: one small SQLite file on this machine. Nothing that a restore needs; when it is lost every job is
 * looked at anew, and the repository says what is due.
 */
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { HoldfastError } from "../../model/errors.ts";
import type { JobMemories, JobMemory } from "../../schedule/job.ts";

const FILE = "catalog.sqlite";
const LOCK_FILE = "lock.sqlite";
/** Owner only: names of databases are nobody else's business. */
const FOLDER_MODE = 0o700;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    failures INTEGER NOT NULL,
    succeeded_at INTEGER,
    error TEXT
  ) STRICT
`;

interface Row {
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly failures: number;
  readonly succeeded_at: number | null;
  readonly error: string | null;
}

export type JobCatalog = JobMemories & Disposable;

/**
 * Opens the catalog in the folder and keeps the folder for this process alone. Errors: `task-busy` when another server uses it, `file-failed` when
 * it cannot be used.
 */
export async function openJobCatalog(folder: string): Promise<JobCatalog> {
  const opened: DatabaseSync[] = [];
  const open = (file: string): DatabaseSync => {
    const sqlite = new DatabaseSync(join(folder, file));
    opened.push(sqlite);
    return sqlite;
  };
  try {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
    // Held for as long as the file is open, and given back by the system when the process dies.
    open(LOCK_FILE).exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const sqlite = open(FILE);
    // With a log of its own whoever looks at the schedule can read while the server writes.
    sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
    sqlite.exec(SCHEMA);
    return new SqliteCatalog(sqlite, opened);
  } catch (error) {
    for (const sqlite of opened) sqlite.close();
    if (/database is locked/.test(String(error))) {
      throw new HoldfastError("task-busy", `Another server uses ${folder}: one folder serves one server.`, {
        path: folder,
      });
    }
    throw unusable(folder, error);
  }
}

/** What a server has remembered so far, also while it runs; nothing where none has been. Errors: `file-failed`. */
export function readJobMemories(folder: string): Pick<JobCatalog, "get"> & Disposable {
  const path = join(folder, FILE);
  if (!existsSync(path)) return { get: () => undefined, [Symbol.dispose]: () => undefined };
  try {
    const sqlite = new DatabaseSync(path, { readOnly: true });
    return new SqliteCatalog(sqlite, [sqlite]);
  } catch (error) {
    throw unusable(folder, error);
  }
}

class SqliteCatalog implements JobCatalog {
  readonly #sqlite: DatabaseSync;
  readonly #opened: readonly DatabaseSync[];
  readonly #select: StatementSync;

  constructor(sqlite: DatabaseSync, opened: readonly DatabaseSync[]) {
    this.#sqlite = sqlite;
    this.#opened = opened;
    this.#select = sqlite.prepare("SELECT * FROM jobs WHERE id = ?");
  }

  get(id: string): JobMemory | undefined {
    const row = this.#select.get(id) as Row | undefined;
    return row && memoryOf(row);
  }

  set(id: string, { startedAt, endedAt, failures, succeededAt, error }: JobMemory): void {
    this.#sqlite
      .prepare("INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?)")
      .run(id, startedAt, endedAt, failures, succeededAt, error);
  }

  [Symbol.dispose](): void {
    for (const sqlite of this.#opened) sqlite.close();
  }
}

function unusable(folder: string, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message : String(error);
  return new HoldfastError(
    "file-failed",
    `The server's folder ${folder} cannot be used: ${why}.`,
    { path: folder },
    error,
  );
}

function memoryOf(row: Row): JobMemory {
  return {
    startedAt: row.started_at,
    endedAt: row.ended_at,
    failures: row.failures,
    succeededAt: row.succeeded_at,
    error: row.error,
  };
}
