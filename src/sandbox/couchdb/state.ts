/**
 * What every endpoint can reach: the databases, the accounts and the switches of one server.
 */
import type { DatabaseSync } from "node:sqlite";

import type { Accounts } from "./accounts.ts";
import type { Database } from "./database.ts";
import type { Databases } from "./databases.ts";
import type { Exchange } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import type { RateLimiter } from "./rate-limit.ts";
import type { RequestLog } from "./request-log.ts";

export interface ServerState {
  readonly sqlite: DatabaseSync;
  readonly databases: Databases;
  readonly accounts: Accounts;
  readonly faults: Faults;
  readonly limiter: RateLimiter;
  readonly requests: RequestLog;
  readonly vendor: "couchdb" | "cloudant";
  /** The server's `uuid`. */
  readonly uuid: string;
  readonly maxDocumentBytes: number;
  readonly maxRequestBytes: number;
  /** Shards of a database that does not choose. */
  readonly q: number;
  /** Fires when the server closes, to end feeds. */
  readonly closing: AbortSignal;
}

/** Answers a request of one database. */
export type DatabaseEndpoint = (exchange: Exchange, state: ServerState, database: Database) => Promise<void>;
