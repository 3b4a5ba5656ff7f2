/**
 * Corpora, grammars and audio resources in the database: what the analysis found, from when on it shows, and where the upload lies.
 */
import type { DatabaseSync } from "node:sqlite";

export type ResourceKind = "corpus" | "grammar" | "audio";

export interface Resource {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly customer: string | undefined;
  /** Id of the upload. */
  readonly upload: string;
  /** End of the analysis, ms since 1970; before it nothing of what follows shows. */
  readonly ends: number;
  /** Whether training can use it. */
  readonly valid: boolean;
  /** What the analysis found; its form is that of the kind. */
  readonly facts: unknown;
}

interface Row {
  readonly kind: ResourceKind;
  readonly name: string;
  readonly customer: string | null;
  readonly upload: string;
  readonly ends: number;
  readonly valid: number;
  readonly facts: string;
}

const COLUMNS = "kind, name, customer, upload, ends, valid, facts";

export class ResourceStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  /** Takes the place of one of the same name. */
  put(model: string, resource: Resource): void {
    this.#sqlite
      .prepare(
        `INSERT INTO stt_resources (model, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (model, kind, name) DO UPDATE SET customer = excluded.customer, upload = excluded.upload,
           ends = excluded.ends, valid = excluded.valid, facts = excluded.facts`,
      )
      .run(
        model,
        resource.kind,
        resource.name,
        resource.customer ?? null,
        resource.upload,
        resource.ends,
        Number(resource.valid),
        JSON.stringify(resource.facts),
      );
  }

  find(model: string, kind: ResourceKind, name: string): Resource | undefined {
    const row = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_resources WHERE model = ? AND kind = ? AND name = ?`)
      .get(model, kind, name) as Row | undefined;
    return row === undefined ? undefined : resourceOf(row);
  }

  /** In the order in which they came; without a kind, all. */
  list(model: string, kind?: ResourceKind): Resource[] {
    const rows = this.#sqlite
      .prepare(
        `SELECT ${COLUMNS} FROM stt_resources WHERE model = ? AND kind = ifnull(?, kind) ORDER BY number`,
      )
      .all(model, kind ?? null) as unknown as Row[];
    return rows.map(resourceOf);
  }

  remove(model: string, kind: ResourceKind, name: string): void {
    this.#sqlite
      .prepare("DELETE FROM stt_resources WHERE model = ? AND kind = ? AND name = ?")
      .run(model, kind, name);
  }
}

function resourceOf(row: Row): Resource {
  return {
    kind: row.kind,
    name: row.name,
    customer: row.customer ?? undefined,
    upload: row.upload,
    ends: row.ends,
    valid: row.valid === 1,
    facts: JSON.parse(row.facts) as unknown,
  };
}
