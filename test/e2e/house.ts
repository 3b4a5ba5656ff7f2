/**
 * Everything an end-to-end test needs, on loopback and in memory: a CouchDB stand-in, a repository, and a clock that only
 * moves when told.
 */
import type { Clock } from "../../src/model/clock.ts";
import { backup } from "../../src/operations/backup.ts";
import type { RunReport } from "../../src/operations/reports.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import { Workspace } from "../../src/operations/workspace.ts";
import { initRepository } from "../../src/repository/init-repository.ts";
import type { Repository } from "../../src/repository/repository.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import { startCouchDB, type CouchDBSandboxOptions } from "../../src/sandbox/couchdb/index.ts";

/**
 * A real CouchDB to run these tests against instead of the stand-in, with its administrator in the address. Its databases
 * are deleted, so it must be there for nothing else.
 */
const REAL_COUCH = process.env["HOLDFAST_TEST_COUCH_URL"];

/** Argon2id at its cheapest: these tests are not about guessing passphrases. */
const CHEAP = { memoryKiB: 1_024, passes: 1, parallelism: 1 };
export const PASSPHRASE = "correct horse battery staple";

export class TestClock implements Clock {
  time = Date.UTC(2026, 0, 1, 2);

  now(): number {
    return this.time;
  }

  advance(ms: number): void {
    this.time += ms;
  }
}

export async function newRepository(storage: Storage = memoryStorage()): Promise<Repository> {
  const slot = {
    kind: "passphrase",
    passphrase: PASSPHRASE,
    label: "test",
    right: "read",
    kdf: CHEAP,
  } as const;
  const { file, keyring } = await initRepository(storage, { slots: [slot], clock: { now: () => 0 } });
  return { id: file.repository, storage, keyring };
}

export function sourceAt(url: string, collections: readonly string[], more: object = {}): SourceSettings {
  const { username, password, address } = account(url);
  const auth = { kind: "basic", username, password } as const;
  // Retries are part of what is tested; their pauses are not.
  const retry = { attempts: 4, throttledAttempts: 4, baseDelayMs: 1, maxDelayMs: 4 };
  return {
    name: "prod",
    collections,
    exclude: [],
    options: { kind: "couchdb", url: address, auth, retry, ...more },
  };
}

/** The stand-in's own administrator where the address names none. */
function account(url: string): {
  readonly username: string;
  readonly password: string;
  readonly address: string;
} {
  const parsed = new URL(url);
  const { username, password } = parsed;
  parsed.username = "";
  parsed.password = "";
  const address = parsed.href.replace(/\/$/, "");
  return username === ""
    ? { username: "admin", password: "admin", address }
    : { username, password, address };
}

/** Talks to the stand-in as an application would. */
export class Couch {
  readonly #url: string;
  readonly #authorization: string;

  constructor(url: string) {
    const { username, password, address } = account(url);
    this.#url = address;
    this.#authorization = `Basic ${btoa(`${username}:${password}`)}`;
  }

  async send(method: string, path: string, body?: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${this.#url}/${path}`, {
      method,
      headers: { authorization: this.#authorization, "content-type": "application/json" },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  }

  /** As `send`, for what has to succeed. */
  async json(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await this.send(
      method,
      path,
      body === undefined ? undefined : JSON.stringify(body),
    );
    if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
    return JSON.parse(text);
  }
}

export interface House extends AsyncDisposable {
  /** The server's address. */
  readonly url: string;
  readonly couch: Couch;
  readonly repository: Repository;
  readonly clock: TestClock;
  readonly workspace: Workspace;
}

export async function openHouse(
  options: {
    readonly storage?: Storage;
    readonly server?: CouchDBSandboxOptions;
    readonly source?: object;
  } = {},
): Promise<House> {
  const { url, close } = await openServer(options.server);
  const repository = await newRepository(options.storage);
  const clock = new TestClock();
  const workspace = new Workspace(repository, [sourceAt(url, ["*"], options.source)], clock);
  return {
    url,
    couch: new Couch(url),
    repository,
    clock,
    workspace,
    async [Symbol.asyncDispose]() {
      await workspace[Symbol.asyncDispose]();
      await close();
    },
  };
}

/** The stand-in, or the real server emptied. */
export async function openServer(
  options?: CouchDBSandboxOptions,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  if (REAL_COUCH === undefined) {
    const server = await startCouchDB(options);
    return { url: server.url, close: async () => server.close() };
  }
  const couch = new Couch(REAL_COUCH);
  for (const name of (await couch.json("GET", "_all_dbs")) as string[]) {
    if (!name.startsWith("_")) await couch.json("DELETE", encodeURIComponent(name));
  }
  return { url: REAL_COUCH, close: async () => {} };
}

/** Backs one collection up; anything but a commit fails the test. `maintain`: with rollup and cleanup afterwards. */
export async function backUp(
  house: Pick<House, "workspace">,
  collection: string,
  reconcile = false,
  maintain = true,
): Promise<RunReport> {
  const select = [`prod/${collection}`];
  const [report] = await collect(backup(house.workspace, { select, reconcile, maintain }));
  if (report?.state !== "committed") throw new Error(`${report?.state}: ${JSON.stringify(report?.error)}`);
  return report;
}

export async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
