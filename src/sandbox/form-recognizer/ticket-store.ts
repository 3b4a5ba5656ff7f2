/**
 * The copy authorisations that the resources have issued, found again by their token.
 */
import type { DatabaseSync } from "node:sqlite";

import type { StoredTicket } from "./stored.ts";

interface Row {
  readonly value: string;
}

export class TicketStore {
  readonly #sqlite: DatabaseSync;

  constructor(sqlite: DatabaseSync) {
    this.#sqlite = sqlite;
    sqlite.exec(
      "CREATE TABLE IF NOT EXISTS tickets (number INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, resource TEXT NOT NULL, value TEXT NOT NULL)",
    );
  }

  find(token: string): StoredTicket | undefined {
    const row = this.#sqlite.prepare("SELECT value FROM tickets WHERE token = ?").get(token) as
      | Row
      | undefined;
    return row === undefined ? undefined : (JSON.parse(row.value) as StoredTicket);
  }

  /** Writes over a ticket with the same token. */
  put(ticket: StoredTicket): void {
    this.#sqlite
      .prepare("INSERT OR REPLACE INTO tickets (token, resource, value) VALUES (?, ?, ?)")
      .run(ticket.token, ticket.resource, JSON.stringify(ticket));
  }

  /** Of one resource. */
  list(resource: string): StoredTicket[] {
    const rows = this.#sqlite
      .prepare("SELECT value FROM tickets WHERE resource = ? ORDER BY number")
      .all(resource) as unknown as Row[];
    return rows.map(({ value }) => JSON.parse(value) as StoredTicket);
  }

  clear(): void {
    this.#sqlite.exec("DELETE FROM tickets");
  }
}
