/**
 * Prompts and speakers. A prompt's status is told from its times alone, so a clock that is set forward finishes its processing.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";

import type { Millis } from "../../model/clock.ts";
import { newGuid } from "../http/guid.ts";

const TABLES = `
CREATE TABLE IF NOT EXISTS prompts (model TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL, speaker TEXT,
  ready INTEGER NOT NULL, error TEXT, PRIMARY KEY (model, id)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS prompts_speaker ON prompts (speaker) WHERE speaker IS NOT NULL;
CREATE TABLE IF NOT EXISTS speakers (number INTEGER PRIMARY KEY, instance TEXT NOT NULL, id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL, UNIQUE (instance, name)) STRICT;
`;

export interface Prompt {
  readonly model: string;
  readonly id: string;
  readonly text: string;
  readonly speaker: string | undefined;
  /** When its processing ends. */
  readonly ready: Millis;
  /** Why its processing fails; undefined: it succeeds. */
  readonly error: string | undefined;
}

export interface Speaker {
  readonly id: string;
  readonly name: string;
}

type Row = Record<string, SQLOutputValue>;

export class PromptStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(TABLES);
  }

  put(prompt: Prompt): void {
    const { model, id, text, speaker, ready, error } = prompt;
    this.#sqlite
      .prepare(
        "INSERT OR REPLACE INTO prompts (model, id, text, speaker, ready, error) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(model, id, text, speaker ?? null, ready, error ?? null);
  }

  list(model: string): readonly Prompt[] {
    const rows = this.#sqlite.prepare("SELECT * FROM prompts WHERE model = ? ORDER BY id").all(model);
    return rows.map((row) => promptOf(row));
  }

  get(model: string, id: string): Prompt | undefined {
    const row = this.#sqlite.prepare("SELECT * FROM prompts WHERE model = ? AND id = ?").get(model, id);
    return row === undefined ? undefined : promptOf(row);
  }

  /** False if there is no such prompt. */
  delete(model: string, id: string): boolean {
    return (
      this.#sqlite.prepare("DELETE FROM prompts WHERE model = ? AND id = ?").run(model, id).changes !== 0
    );
  }

  deleteAll(model: string): void {
    this.#sqlite.prepare("DELETE FROM prompts WHERE model = ?").run(model);
  }

  ofSpeaker(speaker: string): readonly Prompt[] {
    const rows = this.#sqlite
      .prepare("SELECT * FROM prompts WHERE speaker = ? ORDER BY model, id")
      .all(speaker);
    return rows.map((row) => promptOf(row));
  }

  addSpeaker(instance: string, speaker: Speaker): void {
    this.#sqlite
      .prepare("INSERT INTO speakers (instance, id, name) VALUES (?, ?, ?)")
      .run(instance, speaker.id, speaker.name);
  }

  speakers(instance: string): readonly Speaker[] {
    const rows = this.#sqlite
      .prepare("SELECT id, name FROM speakers WHERE instance = ? ORDER BY number")
      .all(instance);
    return rows.map((row) => speakerOf(row));
  }

  speaker(instance: string, id: string): Speaker | undefined {
    return this.speakers(instance).find((speaker) => speaker.id === id);
  }

  /** The prompts that were made with it stay. */
  deleteSpeaker(id: string): void {
    this.#sqlite.prepare("DELETE FROM speakers WHERE id = ?").run(id);
  }
}

export function newSpeaker(name: string): Speaker {
  return { id: newGuid(), name };
}

/** Under which name a prompt's audio lies with the uploads; without an id, what all of a model's begin with. */
export function promptUpload(model: string, id: string): string {
  return `customizations/${model}/prompts/${id}`;
}

/** A prompt as the calls show it. */
export function describePrompt(prompt: Prompt, now: Millis): Record<string, string> {
  const isReady = now >= prompt.ready;
  return {
    prompt: prompt.text,
    prompt_id: prompt.id,
    status: isReady ? (prompt.error === undefined ? "available" : "failed") : "processing",
    ...(isReady && prompt.error !== undefined ? { error: prompt.error } : {}),
    ...(prompt.speaker === undefined ? {} : { speaker_id: prompt.speaker }),
  };
}

function promptOf(row: Row): Prompt {
  const { speaker, error } = row;
  return {
    model: String(row["model"]),
    id: String(row["id"]),
    text: String(row["text"]),
    speaker: typeof speaker === "string" ? speaker : undefined,
    ready: Number(row["ready"]),
    error: typeof error === "string" ? error : undefined,
  };
}

function speakerOf(row: Row): Speaker {
  return { id: String(row["id"]), name: String(row["name"]) };
}
