/**
 * The SQLite store behind one stand-in: one file in its folder, or memory.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** Opens `<name>.sqlite` in the folder, or a store in memory. */
export function openStorage(folder: string | undefined, name: string): DatabaseSync {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const sqlite = new DatabaseSync(folder === undefined ? ":memory:" : join(folder, `${name}.sqlite`));
  // A stand-in must survive its own process, not a power cut: no waiting for the disk.
  sqlite.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY");
  return sqlite;
}

/** All or nothing: rolls back if `act` throws. */
export function transaction<T>(sqlite: DatabaseSync, act: () => T): T {
  sqlite.exec("BEGIN IMMEDIATE");
  try {
    const result = act();
    sqlite.exec("COMMIT");
    return result;
  } catch (error) {
    sqlite.exec("ROLLBACK");
    throw error;
  }
}
