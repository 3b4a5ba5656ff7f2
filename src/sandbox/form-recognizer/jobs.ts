/**
 * What the stand-in does later: trainings, builds and copies. A job becomes due at a time of the stand-in's clock and is run before the next
 * request is looked at, so what a client sees depends on times and not on timers. Jobs survive a restart together with the models.
 */
import type { DatabaseSync } from "node:sqlite";

import type { Millis } from "../../model/clock.ts";

/** Does one step. `due` is the time at which it happens, whenever it is run. */
export type JobHandler = (payload: unknown, due: Millis) => void | Promise<void>;

interface JobRow {
  readonly number: number;
  readonly due: number;
  readonly kind: string;
  readonly payload: string;
}

export class Jobs {
  readonly #sqlite: DatabaseSync;
  readonly #handlers = new Map<string, JobHandler>();
  #running: Promise<void> = Promise.resolve();

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      "CREATE TABLE IF NOT EXISTS jobs (number INTEGER PRIMARY KEY AUTOINCREMENT, due INTEGER NOT NULL, kind TEXT NOT NULL, payload TEXT NOT NULL)",
    );
  }

  /** Who does jobs of this kind; to be said before the first request. */
  handle(kind: string, handler: JobHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** `payload` is kept as JSON. */
  add(due: Millis, kind: string, payload: unknown): void {
    this.#sqlite
      .prepare("INSERT INTO jobs (due, kind, payload) VALUES (?, ?, ?)")
      .run(due, kind, JSON.stringify(payload));
  }

  /** When the next job becomes due. */
  next(): Millis | undefined {
    return this.#first()?.due;
  }

  /** Runs everything that is due, in order of time, and what that makes due. Calls follow one another. */
  async run(now: Millis): Promise<void> {
    const ran = this.#running.then(() => this.#runDue(now));
    this.#running = ran.catch(() => undefined);
    await ran;
  }

  /** Resolves when nothing is being run. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Drops everything that is waiting. */
  clear(): void {
    this.#sqlite.exec("DELETE FROM jobs");
  }

  async #runDue(now: Millis): Promise<void> {
    for (let job = this.#first(); job !== undefined && job.due <= now; job = this.#first()) {
      try {
        const handler = this.#handlers.get(job.kind);
        if (handler === undefined) throw new Error(`nobody does jobs of kind ${job.kind}`);
        await handler(JSON.parse(job.payload), job.due);
      } finally {
        // Not before: a training that the process did not survive is done again by the next one.
        this.#sqlite.prepare("DELETE FROM jobs WHERE number = ?").run(job.number);
      }
    }
  }

  #first(): JobRow | undefined {
    return this.#sqlite.prepare("SELECT * FROM jobs ORDER BY due, number LIMIT 1").get() as
      | JobRow
      | undefined;
  }
}
