/**
 * The jobs of every instance: their times, what was asked, and what they will answer. The audio itself lies with the other uploads; a
 * job knows where.
 */
import type { DatabaseSync } from "node:sqlite";

import type { JobTimes } from "./job-state.ts";

export interface Job {
  readonly id: string;
  readonly times: JobTimes;
  /** Undefined: none was given. */
  readonly userToken: string | undefined;
  readonly customer: string | undefined;
  /** Where the audio lies. */
  readonly upload: string;
  /** What it answers when it is completed, as JSON. */
  readonly results: string;
}

interface JobRow {
  readonly id: string;
  readonly created: number;
  readonly starts: number;
  readonly ends: number;
  readonly ttl: number;
  readonly outcome: "completed" | "failed";
  readonly user_token: string | null;
  readonly customer: string | null;
  readonly upload: string;
  readonly results: string;
}

const COLUMNS = "id, created, starts, ends, ttl, outcome, user_token, customer, upload, results";

export class JobStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      `CREATE TABLE IF NOT EXISTS stt_jobs (
         number INTEGER PRIMARY KEY, instance TEXT NOT NULL, id TEXT NOT NULL UNIQUE, created INTEGER NOT NULL,
         starts INTEGER NOT NULL, ends INTEGER NOT NULL, ttl INTEGER NOT NULL, outcome TEXT NOT NULL,
         user_token TEXT, customer TEXT, upload TEXT NOT NULL, results TEXT NOT NULL
       ) STRICT;
       CREATE INDEX IF NOT EXISTS stt_jobs_of ON stt_jobs (instance, number);
       CREATE INDEX IF NOT EXISTS stt_jobs_expiry ON stt_jobs (ends + ttl)`,
    );
  }

  add(instance: string, job: Job): void {
    const { created, starts, ends, ttl, outcome } = job.times;
    this.#sqlite
      .prepare(`INSERT INTO stt_jobs (instance, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
      .run(
        instance,
        job.id,
        created,
        starts,
        ends,
        ttl,
        outcome,
        job.userToken ?? null,
        job.customer ?? null,
        job.upload,
        job.results,
      );
  }

  find(instance: string, id: string): Job | undefined {
    const row = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_jobs WHERE instance = ? AND id = ?`)
      .get(instance, id) as JobRow | undefined;
    return row === undefined ? undefined : jobOf(row);
  }

  /** The newest first. */
  latest(instance: string, count: number): Job[] {
    const rows = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_jobs WHERE instance = ? ORDER BY number DESC LIMIT ?`)
      .all(instance, count) as unknown as JobRow[];
    return rows.map(jobOf);
  }

  labelled(instance: string, customer: string): Job[] {
    const rows = this.#sqlite
      .prepare(`SELECT ${COLUMNS} FROM stt_jobs WHERE instance = ? AND customer = ?`)
      .all(instance, customer) as unknown as JobRow[];
    return rows.map(jobOf);
  }

  remove(id: string): void {
    this.#sqlite.prepare("DELETE FROM stt_jobs WHERE id = ?").run(id);
  }

  /** Forgets the jobs of all instances whose time is over; where their audio lay. */
  expire(now: number): string[] {
    const rows = this.#sqlite
      .prepare("DELETE FROM stt_jobs WHERE ends + ttl <= ? RETURNING upload")
      .all(now) as unknown as { upload: string }[];
    return rows.map(({ upload }) => upload);
  }
}

function jobOf(row: JobRow): Job {
  const { id, created, starts, ends, ttl, outcome, upload, results } = row;
  return {
    id,
    times: { created, starts, ends, ttl, outcome },
    userToken: row.user_token ?? undefined,
    customer: row.customer ?? undefined,
    upload,
    results,
  };
}
