/**
 * Voice models and their words. Every change moves the model's `last_modified` by a millisecond at least, so that no two states of a
 * model share one.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

import type { Millis } from "../../model/clock.ts";
import { invalidCustomization, malformedGuid } from "../watson/errors.ts";
import { guidOf, isGuid, newGuid } from "../http/guid.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS models (number INTEGER PRIMARY KEY, instance TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, language TEXT NOT NULL, description TEXT, created INTEGER NOT NULL, modified INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS models_instance ON models (instance, number);
CREATE TABLE IF NOT EXISTS words (model TEXT NOT NULL, word TEXT NOT NULL, translation TEXT NOT NULL, part_of_speech TEXT,
  customer TEXT, PRIMARY KEY (model, word)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS words_customer ON words (customer) WHERE customer IS NOT NULL;
`;

export interface Model {
  readonly instance: string;
  readonly id: string;
  readonly name: string;
  readonly language: string;
  readonly description: string | undefined;
  readonly created: Millis;
  readonly modified: Millis;
}

export interface Word {
  readonly word: string;
  readonly translation: string;
  readonly partOfSpeech: string | undefined;
}

type Row = Record<string, SQLOutputValue>;

export class ModelStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(TABLES);
  }

  create(model: Pick<Model, "instance" | "name" | "language" | "description">, now: Millis): string {
    const id = newGuid();
    const { instance, name, language, description } = model;
    this.#sqlite
      .prepare(
        "INSERT INTO models (instance, id, name, language, description, created, modified) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(instance, id, name, language, description ?? null, now, now);
    return id;
  }

  /** In the order of their creation. */
  list(instance: string, language: string | undefined): readonly Model[] {
    const rows = this.#sqlite
      .prepare("SELECT * FROM models WHERE instance = ? AND (? IS NULL OR language = ?) ORDER BY number")
      .all(instance, language ?? null, language ?? null);
    return rows.map((row) => modelOf(row));
  }

  /** Throws 400 for an id that is no GUID, 401 for one that this instance does not have. */
  get(instance: string, id: string): Model {
    if (!isGuid(id)) throw malformedGuid(id);
    const row = this.#sqlite.prepare("SELECT * FROM models WHERE instance = ? AND id = ?").get(instance, id);
    if (row === undefined) throw invalidCustomization(id);
    return modelOf(row);
  }

  /** Changes what is given. */
  describe(model: Model, name: string | undefined, description: string | undefined): void {
    this.#sqlite
      .prepare("UPDATE models SET name = ?, description = ? WHERE id = ?")
      .run(name ?? model.name, description ?? model.description ?? null, model.id);
  }

  touch(id: string, now: Millis): void {
    this.#sqlite.prepare("UPDATE models SET modified = max(?, modified + 1) WHERE id = ?").run(now, id);
  }

  delete(id: string): void {
    this.#sqlite.prepare("DELETE FROM words WHERE model = ?").run(id);
    this.#sqlite.prepare("DELETE FROM models WHERE id = ?").run(id);
  }

  /** Code-point order: upper case before lower case. */
  words(id: string): readonly Word[] {
    return this.#sqlite
      .prepare("SELECT * FROM words WHERE model = ? ORDER BY word")
      .all(id)
      .map((row) => wordOf(row));
  }

  word(id: string, word: string): Word | undefined {
    const row = this.#sqlite.prepare("SELECT * FROM words WHERE model = ? AND word = ?").get(id, word);
    return row === undefined ? undefined : wordOf(row);
  }

  countWords(id: string): number {
    const row = this.#sqlite.prepare("SELECT count(*) AS words FROM words WHERE model = ?").get(id);
    return Number(row?.["words"] ?? 0);
  }

  /** Replaces an entry completely, its label included. */
  putWord(id: string, { word, translation, partOfSpeech }: Word, customer: string | undefined): void {
    this.#sqlite
      .prepare(
        "INSERT OR REPLACE INTO words (model, word, translation, part_of_speech, customer) VALUES (?, ?, ?, ?, ?)",
      )
      .run(id, word, translation, partOfSpeech ?? null, customer ?? null);
  }

  /** False if there is no such word. */
  deleteWord(id: string, word: string): boolean {
    return this.#sqlite.prepare("DELETE FROM words WHERE model = ? AND word = ?").run(id, word).changes !== 0;
  }

  /** Deletes the words that carry a label; the ids of the models that lost some. */
  eraseCustomer(instance: string, customer: string): readonly string[] {
    const models = this.#sqlite
      .prepare("SELECT DISTINCT id FROM words JOIN models ON id = model WHERE instance = ? AND customer = ?")
      .all(instance, customer)
      .map((row) => String(row["id"]));
    for (const id of models) {
      this.#sqlite.prepare("DELETE FROM words WHERE model = ? AND customer = ?").run(id, customer);
    }
    return models;
  }
}

/** A model as lists show it. */
export function describeModel(model: Model): Record<string, string> {
  return {
    customization_id: model.id,
    owner: guidOf(`owner of ${model.instance}`),
    created: new Date(model.created).toISOString(),
    last_modified: new Date(model.modified).toISOString(),
    name: model.name,
    language: model.language,
    ...(model.description === undefined ? {} : { description: model.description }),
  };
}

export function describeWord({ word, translation, partOfSpeech }: Word): Record<string, string> {
  return { word, translation, ...(partOfSpeech === undefined ? {} : { part_of_speech: partOfSpeech }) };
}

function modelOf(row: Row): Model {
  return {
    instance: String(row["instance"]),
    id: String(row["id"]),
    name: String(row["name"]),
    language: String(row["language"]),
    description: textOf(row["description"]),
    created: Number(row["created"]),
    modified: Number(row["modified"]),
  };
}

function wordOf(row: Row): Word {
  return {
    word: String(row["word"]),
    translation: String(row["translation"]),
    partOfSpeech: textOf(row["part_of_speech"]),
  };
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
