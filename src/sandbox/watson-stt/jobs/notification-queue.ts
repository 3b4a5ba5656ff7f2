/**
 * Notifications that are still to be posted. A notification is taken out before it is posted: it is sent once, and nobody repeats it.
 */
import type { DatabaseSync } from "node:sqlite";

import type { JobEvent } from "./job-events.ts";

export interface Pending {
  readonly number: number;
  readonly instance: string;
  readonly job: string;
  readonly event: JobEvent;
  readonly url: string;
  /** When it is to be posted, ms since 1970. */
  readonly due: number;
  /** Whether a fault has had its turn with it. */
  readonly met: boolean;
}

export type Planned = Omit<Pending, "number" | "met">;

interface PendingRow extends Omit<Pending, "met"> {
  readonly met: 0 | 1;
}

const COLUMNS = "number, instance, job, event, url, due, met";

export class NotificationQueue {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      `CREATE TABLE IF NOT EXISTS stt_notifications (
         number INTEGER PRIMARY KEY, instance TEXT NOT NULL, job TEXT NOT NULL, event TEXT NOT NULL, url TEXT NOT NULL,
         due INTEGER NOT NULL, met INTEGER NOT NULL
       ) STRICT;
       CREATE INDEX IF NOT EXISTS stt_notifications_due ON stt_notifications (due, number);
       CREATE INDEX IF NOT EXISTS stt_notifications_of ON stt_notifications (job)`,
    );
  }

  add(planned: Planned, met = false): void {
    this.#sqlite
      .prepare(
        "INSERT INTO stt_notifications (instance, job, event, url, due, met) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(planned.instance, planned.job, planned.event, planned.url, planned.due, met ? 1 : 0);
  }

  /** Takes the first one that is due. */
  take(now: number): Pending | undefined {
    const row = this.#sqlite
      .prepare(
        `DELETE FROM stt_notifications WHERE number =
           (SELECT number FROM stt_notifications WHERE due <= ? ORDER BY due, number LIMIT 1) RETURNING ${COLUMNS}`,
      )
      .get(now) as PendingRow | undefined;
    return row === undefined ? undefined : { ...row, met: row.met === 1 };
  }

  /** When the first one is due. */
  nextDue(): number | undefined {
    const row = this.#sqlite.prepare("SELECT min(due) AS due FROM stt_notifications").get() as {
      due: number | null;
    };
    return row.due ?? undefined;
  }

  /** When the job's next one is due that no fault has moved. */
  nextDueOf(job: string): number | undefined {
    const row = this.#sqlite
      .prepare("SELECT min(due) AS due FROM stt_notifications WHERE job = ? AND met = 0")
      .get(job) as { due: number | null };
    return row.due ?? undefined;
  }

  removeJob(job: string): void {
    this.#sqlite.prepare("DELETE FROM stt_notifications WHERE job = ?").run(job);
  }
}
