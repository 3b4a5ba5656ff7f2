/**
 * The tables of custom models. Their layout is private to the stand-in and may change with every version.
 */
import type { DatabaseSync } from "node:sqlite";

const TABLES = `
CREATE TABLE IF NOT EXISTS stt_models (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, instance TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
  description TEXT NOT NULL, base TEXT NOT NULL, dialect TEXT, created INTEGER NOT NULL, updated INTEGER NOT NULL,
  status TEXT NOT NULL, progress INTEGER NOT NULL, error TEXT, versions TEXT NOT NULL, trained INTEGER NOT NULL,
  modified INTEGER NOT NULL, training TEXT, operation TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS stt_models_of ON stt_models (instance, kind, number);
CREATE TABLE IF NOT EXISTS stt_resources (
  number INTEGER PRIMARY KEY, model TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, customer TEXT, upload TEXT NOT NULL,
  ends INTEGER NOT NULL, valid INTEGER NOT NULL, facts TEXT NOT NULL, UNIQUE (model, kind, name)
) STRICT;
CREATE TABLE IF NOT EXISTS stt_words (
  number INTEGER PRIMARY KEY, model TEXT NOT NULL, word TEXT NOT NULL, sounds_like TEXT, display_as TEXT, mapping_only INTEGER,
  errors TEXT, customer TEXT, first INTEGER NOT NULL, UNIQUE (model, word)
) STRICT;
CREATE TABLE IF NOT EXISTS stt_found_words (
  model TEXT NOT NULL, word TEXT NOT NULL, resource TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (model, resource, word)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS stt_found_words_of ON stt_found_words (model, word);
CREATE TABLE IF NOT EXISTS stt_removed_words (
  model TEXT NOT NULL, word TEXT NOT NULL, PRIMARY KEY (model, word)
) STRICT, WITHOUT ROWID`;

export function createTables(sqlite: DatabaseSync): void {
  sqlite.exec(TABLES);
}
