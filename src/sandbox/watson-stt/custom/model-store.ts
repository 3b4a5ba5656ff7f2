/**
 * Custom models in the database.
 */
import type { DatabaseSync } from "node:sqlite";

import type { CustomModel, ModelKind, ModelStatus, Operation, Training } from "./model.ts";

interface Row {
  readonly id: string;
  readonly instance: string;
  readonly kind: ModelKind;
  readonly name: string;
  readonly description: string;
  readonly base: string;
  readonly dialect: string | null;
  readonly created: number;
  readonly updated: number;
  readonly status: ModelStatus;
  readonly progress: number;
  readonly error: string | null;
  readonly versions: string;
  readonly trained: number;
  readonly modified: number;
  readonly training: string | null;
  readonly operation: string | null;
}

const COLUMNS =
  "id, instance, kind, name, description, base, dialect, created, updated, status, progress, error, versions, trained, modified, training, operation";

export class ModelStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  add(model: CustomModel): void {
    this.#sqlite
      .prepare(
        `INSERT INTO stt_models (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        model.id,
        model.instance,
        model.kind,
        model.name,
        model.description,
        model.base,
        model.dialect ?? null,
        model.created,
        ...stateOf(model),
      );
  }

  save(model: CustomModel): void {
    this.#sqlite
      .prepare(
        `UPDATE stt_models SET updated = ?, status = ?, progress = ?, error = ?, versions = ?, trained = ?, modified = ?,
           training = ?, operation = ? WHERE id = ?`,
      )
      .run(...stateOf(model), model.id);
  }

  find(instance: string, kind: ModelKind, id: string): CustomModel | undefined {
    const row = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_models WHERE id = ? AND instance = ? AND kind = ?`)
      .get(id.toLowerCase(), instance, kind) as Row | undefined;
    return row === undefined ? undefined : modelOf(row);
  }

  /** In the order in which they were created. */
  list(instance: string, kind: ModelKind): CustomModel[] {
    const rows = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_models WHERE instance = ? AND kind = ? ORDER BY number`)
      .all(instance, kind) as unknown as Row[];
    return rows.map(modelOf);
  }

  count(instance: string, kind: ModelKind): number {
    const row = this.#sqlite
      .prepare("SELECT count(*) AS count FROM stt_models WHERE instance = ? AND kind = ?")
      .get(instance, kind) as { count: number };
    return row.count;
  }

  remove(id: string): void {
    this.#sqlite.prepare("DELETE FROM stt_models WHERE id = ?").run(id);
  }
}

function stateOf(model: CustomModel): (string | number | null)[] {
  return [
    model.updated,
    model.status,
    model.progress,
    model.error ?? null,
    JSON.stringify(model.versions),
    Number(model.trained),
    Number(model.modified),
    model.training === undefined ? null : JSON.stringify(model.training),
    model.operation === undefined ? null : JSON.stringify(model.operation),
  ];
}

function modelOf(row: Row): CustomModel {
  return {
    id: row.id,
    instance: row.instance,
    kind: row.kind,
    name: row.name,
    description: row.description,
    base: row.base,
    dialect: row.dialect ?? undefined,
    created: row.created,
    updated: row.updated,
    status: row.status,
    progress: row.progress,
    error: row.error ?? undefined,
    versions: JSON.parse(row.versions) as string[],
    trained: row.trained === 1,
    modified: row.modified === 1,
    training: row.training === null ? undefined : (JSON.parse(row.training) as Training),
    operation: row.operation === null ? undefined : (JSON.parse(row.operation) as Operation),
  };
}
