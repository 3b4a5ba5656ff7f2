/**
 * All databases of one stand-in: creating, finding, listing and deleting them.
 */
import type { DatabaseSync } from "node:sqlite";

import { randomHex, systemClock } from "../../model/clock.ts";
import { Database } from "./database.ts";
import { CouchError, missing } from "./errors.ts";
import type { DatabaseRow } from "./storage.ts";
import { createTables, dropTables } from "./storage.ts";

const NAME = /^[a-z][a-z0-9_$()+/-]*$/;
const SYSTEM_NAMES = new Set(["_users", "_replicator", "_global_changes"]);
const DEFAULT_SECURITY = '{"members":{"roles":["_admin"]},"admins":{"roles":["_admin"]}}';

/** What a client may choose when it creates a database. */
export interface DatabaseShape {
  readonly q: number;
  readonly n: number;
  readonly partitioned: boolean;
}

export class Databases {
  readonly #sqlite: DatabaseSync;
  readonly #open = new Map<string, Database>();
  readonly #maxAttachmentBytes: number;
  #newestCreation = 0;

  constructor(sqlite: DatabaseSync, maxAttachmentBytes: number) {
    this.#sqlite = sqlite;
    this.#maxAttachmentBytes = maxAttachmentBytes;
    for (const row of sqlite.prepare("SELECT * FROM databases").all())
      this.#remember(row as unknown as DatabaseRow);
  }

  /** Throws 404. */
  open(name: string): Database {
    const database = this.#open.get(name);
    if (database === undefined) throw missing("Database does not exist.");
    return database;
  }

  has(name: string): boolean {
    return this.#open.has(name);
  }

  /** Names in byte order. */
  names(): string[] {
    return [...this.#open.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  /** Throws 400 for an illegal name, 412 for one that is taken. */
  create(name: string, shape: DatabaseShape): Database {
    if (!NAME.test(name) && !SYSTEM_NAMES.has(name)) {
      throw new CouchError(
        400,
        "illegal_database_name",
        `Name: '${name}'. Only lowercase characters (a-z), digits (0-9), and any of the characters _, $, (, ), +, -, and / ` +
          "are allowed. Must begin with a letter.",
      );
    }
    if (this.#open.has(name)) {
      throw new CouchError(412, "file_exists", "The database could not be created, the file already exists.");
    }
    // CouchDB counts in whole seconds, so a database that is created again at once could look like the old one.
    // Here each creation gets a second of its own: a test need not sleep to see the identity change.
    const created = Math.max(Math.floor(systemClock.now() / 1000), this.#newestCreation + 1);
    this.#sqlite
      .prepare(
        "INSERT INTO databases (name, incarnation, created, q, n, partitioned, security) VALUES (?, ?, ?, ?, ?, ?, ?)",
      )
      .run(name, randomHex(8), created, shape.q, shape.n, shape.partitioned ? 1 : 0, DEFAULT_SECURITY);
    const row = this.#sqlite
      .prepare("SELECT * FROM databases WHERE name = ?")
      .get(name) as unknown as DatabaseRow;
    createTables(this.#sqlite, row.number);
    return this.#remember(row);
  }

  /** Throws 404. Feeds that are open on the database end. */
  delete(name: string): void {
    const database = this.open(name);
    this.#open.delete(name);
    database.isDeleted = true;
    database.finalize();
    dropTables(this.#sqlite, database.number);
    this.#sqlite.prepare("DELETE FROM databases WHERE number = ?").run(database.number);
    database.events.emit("deleted");
  }

  #remember(row: DatabaseRow): Database {
    const database = new Database(this.#sqlite, row, this.#maxAttachmentBytes);
    this.#open.set(row.name, database);
    this.#newestCreation = Math.max(this.#newestCreation, row.created);
    return database;
  }
}
