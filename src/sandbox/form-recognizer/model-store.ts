/**
 * Models and classifiers of all resources.
 */
import type { DatabaseSync } from "node:sqlite";

import type { StoredModel } from "./stored.ts";

export type ModelKind = StoredModel["kind"];

interface Row {
  readonly value: string;
}

export class ModelStore {
  readonly #sqlite: DatabaseSync;
  /** Lists as last read; a client that follows many pages must not have all models read for each of them. */
  readonly #lists = new Map<string, readonly StoredModel[]>();

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      `CREATE TABLE IF NOT EXISTS models (resource TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (resource, kind, id)) WITHOUT ROWID`,
    );
  }

  /** In any state, reserved ones too. */
  find(resource: string, kind: ModelKind, id: string): StoredModel | undefined {
    const row = this.#sqlite
      .prepare("SELECT value FROM models WHERE resource = ? AND kind = ? AND id = ?")
      .get(resource, kind, id) as Row | undefined;
    return row === undefined ? undefined : (JSON.parse(row.value) as StoredModel);
  }

  /** Writes over what is there. */
  put(model: StoredModel): void {
    this.#lists.clear();
    this.#sqlite
      .prepare("INSERT OR REPLACE INTO models (resource, kind, id, value) VALUES (?, ?, ?, ?)")
      .run(model.resource, model.kind, model.id, JSON.stringify(model));
  }

  /** False if there was none. */
  remove(resource: string, kind: ModelKind, id: string): boolean {
    this.#lists.clear();
    return (
      this.#sqlite
        .prepare("DELETE FROM models WHERE resource = ? AND kind = ? AND id = ?")
        .run(resource, kind, id).changes > 0
    );
  }

  /** In ascending order of ids, in any state. */
  list(resource: string, kind?: ModelKind): readonly StoredModel[] {
    const key = JSON.stringify([resource, kind]);
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const rows = this.#sqlite
      .prepare("SELECT value FROM models WHERE resource = ?1 AND (?2 IS NULL OR kind = ?2) ORDER BY kind, id")
      .all(resource, kind ?? null) as unknown as Row[];
    const list = rows.map(({ value }) => JSON.parse(value) as StoredModel);
    this.#lists.set(key, list);
    return list;
  }

  /** What counts against the limit: all but reserved ids, placeholders and invalid models too. */
  count(resource: string, kind: ModelKind): number {
    const row = this.#sqlite
      .prepare(
        "SELECT count(*) AS models FROM models WHERE resource = ? AND kind = ? AND value ->> 'status' <> 'reserved'",
      )
      .get(resource, kind) as { readonly models: number };
    return row.models;
  }

  clear(): void {
    this.#lists.clear();
    this.#sqlite.exec("DELETE FROM models");
  }
}
