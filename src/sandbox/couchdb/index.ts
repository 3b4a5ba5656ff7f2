/**
 * A stand-in for CouchDB and Cloudant that speaks their protocol byte for byte as far as backup and restore need it, keeps its data in
 * SQLite, and fails on demand. See docs/couchdb-stand-in.md for what it covers and what it does not.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { randomHex } from "../../model/clock.ts";
import { Accounts } from "./accounts.ts";
import { Databases } from "./databases.ts";
import { Faults } from "./faults.ts";
import { RateLimiter } from "./rate-limit.ts";
import { RequestLog } from "./request-log.ts";
import { makeServer } from "./server.ts";
import type { ServerState } from "./state.ts";
import { openStorage } from "./storage.ts";

export { Faults } from "./faults.ts";
export type { Fault, FaultAction, FaultKind, FaultMatch } from "./faults.ts";
export type { RateLimits } from "./rate-limit.ts";
export { RateLimiter } from "./rate-limit.ts";
export { RequestLog } from "./request-log.ts";

export interface CouchDBSandboxOptions {
  /** Where to keep the data; absent: in memory, gone with the process. */
  readonly folder?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The server administrator; default admin/admin. */
  readonly admin?: { readonly name: string; readonly password: string };
  /** False: every caller is a server administrator. Default true. */
  readonly requireAuth?: boolean;
  /** Further accounts. */
  readonly members?: readonly {
    readonly name: string;
    readonly password: string;
    readonly roles: readonly string[];
  }[];
  /** API keys that `POST /identity/token` takes; default `["sandbox-api-key"]`. */
  readonly apiKeys?: readonly string[];
  /** How the server introduces itself; default couchdb. */
  readonly vendor?: "couchdb" | "cloudant";
  /** Largest body of a document without attachments, bytes; default 8,000,000, for Cloudant 1,048,576. */
  readonly maxDocumentBytes?: number;
  /** Largest attachment, bytes; default 1 GiB, for Cloudant 10 MiB. */
  readonly maxAttachmentBytes?: number;
  /** Largest request body, bytes; default 4 GiB, for Cloudant 11 MiB. */
  readonly maxRequestBytes?: number;
  /** Shards of a database that does not choose; default 2. */
  readonly q?: number;
  /** Life of a session cookie, seconds; default 600. */
  readonly sessionSeconds?: number;
  /** Life of a bearer token, seconds; default 3600. */
  readonly tokenSeconds?: number;
}

export interface CouchDBSandbox extends AsyncDisposable {
  /** Without credentials and without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** Cloudant's limits per second; none until set. */
  readonly limits: RateLimiter;
  readonly requests: RequestLog;
  /** Ends open feeds and connections; may be called twice. */
  close(): Promise<void>;
}

const DEFAULTS = {
  couchdb: { document: 8_000_000, attachment: 2 ** 30, request: 2 ** 32 },
  cloudant: { document: 2 ** 20, attachment: 10 * 2 ** 20, request: 11 * 2 ** 20 },
} as const;

/** Starts a server and resolves when it listens. Rejects if the port is taken or the folder cannot be used. */
export async function startCouchDB(options: CouchDBSandboxOptions = {}): Promise<CouchDBSandbox> {
  const vendor = options.vendor ?? "couchdb";
  const limits = DEFAULTS[vendor];
  const admin = options.admin ?? { name: "admin", password: "admin" };
  const sqlite = openStorage(options.folder);
  const closing = new AbortController();
  const state: ServerState = {
    sqlite,
    databases: new Databases(sqlite, options.maxAttachmentBytes ?? limits.attachment),
    accounts: new Accounts({
      accounts: [{ ...admin, roles: ["_admin"] }, ...(options.members ?? [])],
      requireAuth: options.requireAuth ?? true,
      apiKeys: options.apiKeys ?? ["sandbox-api-key"],
      sessionSeconds: options.sessionSeconds ?? 600,
      tokenSeconds: options.tokenSeconds ?? 3600,
    }),
    faults: new Faults(),
    limiter: new RateLimiter(),
    requests: new RequestLog(),
    vendor,
    uuid: randomHex(16),
    maxDocumentBytes: options.maxDocumentBytes ?? limits.document,
    maxRequestBytes: options.maxRequestBytes ?? limits.request,
    q: options.q ?? 2,
    closing: closing.signal,
  };
  for (const name of ["_replicator", "_users"]) {
    if (!state.databases.has(name)) state.databases.create(name, { q: state.q, n: 1, partitioned: false });
  }
  const server = makeServer(state);
  const host = options.host ?? "127.0.0.1";
  server.listen(options.port ?? 0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  let closed = false;
  const close = async (): Promise<void> => {
    if (closed) return;
    closed = true;
    closing.abort();
    const gone = once(server, "close");
    server.close();
    server.closeAllConnections();
    await gone;
    sqlite.close();
  };
  return {
    url: `http://${host}:${port}`,
    port,
    faults: state.faults,
    limits: state.limiter,
    requests: state.requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}
