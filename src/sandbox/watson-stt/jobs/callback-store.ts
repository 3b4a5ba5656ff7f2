/**
 * The callbacks of every instance: address, secret, customer. The service never shows them; registrations of the last hour are
 * counted apart, because unregistering does not give one back.
 */
import type { DatabaseSync } from "node:sqlite";

/** Registrations that an instance may make within the window. */
export const REGISTRATION_LIMIT = 20;
/** An hour, ms. */
export const REGISTRATION_WINDOW_MS = 3_600_000;

export interface Callback {
  readonly url: string;
  readonly secret: string | undefined;
}

export class CallbackStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      `CREATE TABLE IF NOT EXISTS stt_callbacks (
         instance TEXT NOT NULL, url TEXT NOT NULL, secret TEXT, customer TEXT, PRIMARY KEY (instance, url)
       ) STRICT;
       CREATE TABLE IF NOT EXISTS stt_registrations (instance TEXT NOT NULL, at INTEGER NOT NULL) STRICT`,
    );
  }

  find(instance: string, url: string): Callback | undefined {
    const row = this.#sqlite
      .prepare("SELECT url, secret FROM stt_callbacks WHERE instance = ? AND url = ?")
      .get(instance, url) as { url: string; secret: string | null } | undefined;
    return row === undefined ? undefined : { url: row.url, secret: row.secret ?? undefined };
  }

  /** Whether the instance has used up its registrations of the last hour. */
  isExhausted(instance: string, now: number): boolean {
    this.#sqlite.prepare("DELETE FROM stt_registrations WHERE at <= ?").run(now - REGISTRATION_WINDOW_MS);
    const row = this.#sqlite
      .prepare("SELECT count(*) AS count FROM stt_registrations WHERE instance = ?")
      .get(instance) as { count: number };
    return row.count >= REGISTRATION_LIMIT;
  }

  add(instance: string, callback: Callback, customer: string | undefined, now: number): void {
    this.#sqlite
      .prepare("INSERT OR REPLACE INTO stt_callbacks (instance, url, secret, customer) VALUES (?, ?, ?, ?)")
      .run(instance, callback.url, callback.secret ?? null, customer ?? null);
    this.#sqlite.prepare("INSERT INTO stt_registrations (instance, at) VALUES (?, ?)").run(instance, now);
  }

  /** False if it was not registered. */
  remove(instance: string, url: string): boolean {
    const { changes } = this.#sqlite
      .prepare("DELETE FROM stt_callbacks WHERE instance = ? AND url = ?")
      .run(instance, url);
    return Number(changes) > 0;
  }

  removeCustomer(instance: string, customer: string): void {
    this.#sqlite
      .prepare("DELETE FROM stt_callbacks WHERE instance = ? AND customer = ?")
      .run(instance, customer);
  }
}
