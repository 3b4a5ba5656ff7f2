/**
 * Copies, builds and compositions of all resources, under way or over.
 */
import type { DatabaseSync } from "node:sqlite";

import type { StoredOperation } from "./stored.ts";

interface Row {
  readonly value: string;
}

export class OperationStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      `CREATE TABLE IF NOT EXISTS operations (resource TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (resource, id)) WITHOUT ROWID`,
    );
  }

  find(resource: string, id: string): StoredOperation | undefined {
    const row = this.#sqlite
      .prepare("SELECT value FROM operations WHERE resource = ? AND id = ?")
      .get(resource, id) as Row | undefined;
    return row === undefined ? undefined : (JSON.parse(row.value) as StoredOperation);
  }

  /** Writes over what is there. */
  put(operation: StoredOperation): void {
    this.#sqlite
      .prepare("INSERT OR REPLACE INTO operations (resource, id, value) VALUES (?, ?, ?)")
      .run(operation.resource, operation.id, JSON.stringify(operation));
  }

  remove(resource: string, id: string): void {
    this.#sqlite.prepare("DELETE FROM operations WHERE resource = ? AND id = ?").run(resource, id);
  }

  /** In ascending order of ids, which of v3 and later is: newest first. */
  list(resource: string): StoredOperation[] {
    const rows = this.#sqlite
      .prepare("SELECT value FROM operations WHERE resource = ? ORDER BY id")
      .all(resource) as unknown as Row[];
    return rows.map(({ value }) => JSON.parse(value) as StoredOperation);
  }

  clear(): void {
    this.#sqlite.exec("DELETE FROM operations");
  }
}
