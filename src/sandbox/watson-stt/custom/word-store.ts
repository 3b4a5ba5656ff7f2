/**
 * The words of language models in the database: those that users defined, those that corpora and grammars brought, and those that a user
 * removed for good.
 */
import type { DatabaseSync } from "node:sqlite";

import type { StoredWord } from "./model.ts";

/** A user's word. */
export interface UserWord extends StoredWord {
  /** It was there before any corpus or grammar brought it. */
  readonly first: boolean;
}

/** A word that an uploaded resource brought. */
export interface FoundWord {
  readonly word: string;
  readonly resource: string;
  readonly count: number;
}

/** Stands for no resource: a word that counts as data and is never listed. */
export const UNLISTED = "";

interface Row {
  readonly word: string;
  readonly sounds_like: string | null;
  readonly display_as: string | null;
  readonly mapping_only: number | null;
  readonly errors: string | null;
  readonly customer: string | null;
  readonly first: number;
}

const COLUMNS = "word, sounds_like, display_as, mapping_only, errors, customer, first";

export class WordStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
  }

  /** Replaces the definition; whether the user was first does not change with it. */
  put(model: string, word: StoredWord): void {
    const found = this.#sqlite
      .prepare("SELECT 1 FROM stt_found_words WHERE model = ? AND word = ? AND resource <> ?")
      .get(model, word.word, UNLISTED);
    this.#sqlite
      .prepare(
        `INSERT INTO stt_words (model, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (model, word) DO UPDATE SET sounds_like = excluded.sounds_like, display_as = excluded.display_as,
           mapping_only = excluded.mapping_only, errors = excluded.errors, customer = excluded.customer`,
      )
      .run(
        model,
        word.word,
        word.soundsLike === undefined ? null : JSON.stringify(word.soundsLike),
        word.displayAs ?? null,
        word.mappingOnly === undefined ? null : Number(word.mappingOnly),
        word.errors === undefined ? null : JSON.stringify(word.errors),
        word.customer ?? null,
        Number(found === undefined),
      );
    this.#sqlite.prepare("DELETE FROM stt_removed_words WHERE model = ? AND word = ?").run(model, word.word);
  }

  /** Counts as data of the model and is never listed. */
  putUnlisted(model: string, word: string): void {
    this.found(model, UNLISTED, new Map([[word, 1]]));
  }

  users(model: string): UserWord[] {
    const rows = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_words WHERE model = ? ORDER BY number`)
      .all(model) as unknown as Row[];
    return rows.map(wordOf);
  }

  user(model: string, word: string): UserWord | undefined {
    const row = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_words WHERE model = ? AND word = ?`)
      .get(model, word) as Row | undefined;
    return row === undefined ? undefined : wordOf(row);
  }

  /** Adds to what a resource brought. */
  found(model: string, resource: string, counts: ReadonlyMap<string, number>): void {
    const insert = this.#sqlite.prepare(
      `INSERT INTO stt_found_words (model, word, resource, count) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET count = count + excluded.count`,
    );
    for (const [word, count] of counts) insert.run(model, word, resource, count);
  }

  /** What resources brought and no user has removed; of one word, or all. */
  foundWords(model: string, word?: string): FoundWord[] {
    return this.#sqlite
      .prepare(
        `SELECT word, resource, count FROM stt_found_words AS found
         WHERE model = ? AND word = ifnull(?, word) AND resource <> ?
           AND NOT EXISTS (SELECT 1 FROM stt_removed_words AS removed
                           WHERE removed.model = found.model AND removed.word = found.word)
         ORDER BY word, resource`,
      )
      .all(model, word ?? null, UNLISTED) as unknown as FoundWord[];
  }

  countFound(model: string): number {
    const row = this.#sqlite
      .prepare("SELECT count(DISTINCT word) AS count FROM stt_found_words WHERE model = ?")
      .get(model) as { count: number };
    return row.count;
  }

  forgetResource(model: string, resource: string): void {
    this.#sqlite.prepare("DELETE FROM stt_found_words WHERE model = ? AND resource = ?").run(model, resource);
  }

  /** For good: a resource that brings it again does not bring it back. */
  remove(model: string, word: string): void {
    this.#sqlite.prepare("DELETE FROM stt_words WHERE model = ? AND word = ?").run(model, word);
    this.#sqlite
      .prepare("INSERT OR IGNORE INTO stt_removed_words (model, word) VALUES (?, ?)")
      .run(model, word);
  }

  /** Whether any word is data of the model. */
  any(model: string): boolean {
    const row = this.#sqlite
      .prepare(
        `SELECT EXISTS (SELECT 1 FROM stt_words WHERE model = ?)
             OR EXISTS (SELECT 1 FROM stt_found_words WHERE model = ? AND resource = ?) AS found`,
      )
      .get(model, model, UNLISTED) as { found: number };
    return row.found === 1;
  }

  /** Words that this customer's requests defined. */
  removeCustomer(model: string, customer: string): number {
    const { changes } = this.#sqlite
      .prepare("DELETE FROM stt_words WHERE model = ? AND customer = ?")
      .run(model, customer);
    return Number(changes);
  }

  clear(model: string): void {
    for (const table of ["stt_words", "stt_found_words", "stt_removed_words"]) {
      this.#sqlite.prepare(`DELETE FROM ${table} WHERE model = ?`).run(model);
    }
  }
}

function wordOf(row: Row): UserWord {
  return {
    word: row.word,
    first: row.first === 1,
    ...(row.sounds_like === null ? {} : { soundsLike: JSON.parse(row.sounds_like) as string[] }),
    ...(row.display_as === null ? {} : { displayAs: row.display_as }),
    ...(row.mapping_only === null ? {} : { mappingOnly: row.mapping_only === 1 }),
    ...(row.errors === null ? {} : { errors: JSON.parse(row.errors) as Record<string, string>[] }),
    ...(row.customer === null ? {} : { customer: row.customer }),
  };
}
