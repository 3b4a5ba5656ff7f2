/**
 * A stand-in server, a client for it, and timelines in memory: what the tests of restore and compare share.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { compareKeys, keyOf, keyText, type ItemKey } from "../../../src/model/key.ts";
import type { BlobRef, Version } from "../../../src/model/version.ts";
import {
  startCouchDB,
  type CouchDBSandbox,
  type CouchDBSandboxOptions,
} from "../../../src/sandbox/couchdb/index.ts";
import { CouchClient } from "../../../src/sources/couchdb/client.ts";
import type { CouchDatabase } from "../../../src/sources/couchdb/database.ts";
import { readMembers } from "../../../src/sources/couchdb/document-text.ts";
import { settingsText } from "../../../src/sources/couchdb/items.ts";
import type {
  RestoreOutcome,
  RestoreRequest,
  SourceContext,
  VersionReader,
} from "../../../src/sources/source.ts";
import { restoreCouch, type CouchRestoreOptions } from "../../../src/sources/couchdb/restore/restore.ts";

export const signal = new AbortController().signal;

export const context: SourceContext = { clock: { now: () => 0 }, signal };

/** Fast repetition, so that tests with faults do not wait. */
export function clientOf(url: string, attempts = 3): CouchClient {
  return new CouchClient({
    url,
    auth: { kind: "basic", username: "admin", password: "admin" },
    retry: { attempts, throttledAttempts: 3, baseDelayMs: 1, maxDelayMs: 2 },
  });
}

export interface Place extends AsyncDisposable {
  readonly server: CouchDBSandbox;
  readonly client: CouchClient;
  database(name: string): CouchDatabase;
  /** Makes a database and writes documents with `new_edits=false`, as raw JSON texts. */
  fill(name: string, docs: readonly string[], options?: { partitioned?: boolean }): Promise<CouchDatabase>;
}

export async function openPlace(options: CouchDBSandboxOptions = {}, attempts = 3): Promise<Place> {
  const server = await startCouchDB(options);
  const client = clientOf(server.url, attempts);
  return {
    server,
    client,
    database: (name) => client.database(name),
    fill: async (name, docs, create = {}) => {
      const database = client.database(name);
      await database.create(create, signal);
      const { rows } = await database.bulkDocs(
        docs.map((text) => Buffer.from(text)),
        { newEdits: false },
        signal,
      );
      if (rows.length > 0) throw new Error(`could not fill ${name}: ${JSON.stringify(rows)}`);
      return database;
    },
    [Symbol.asyncDispose]: async () => {
      await client[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

/** A revision's hash from anything: 32 hex digits. */
export function hash(of: string | number): string {
  return createHash("md5").update(String(of)).digest("hex");
}

/** A document's raw text with its history; `generations` names them, newest first. */
export function doc(id: string, generations: readonly string[], members = "", deleted = false): string {
  const ids = generations.map(hash);
  const start = generations.length;
  return (
    `{"_id":${JSON.stringify(id)},"_rev":"${start}-${ids[0]}",` +
    `${deleted ? '"_deleted":true,' : ""}"_revisions":${JSON.stringify({ start, ids })}` +
    `${members === "" ? "" : `,${members}`}}`
  );
}

export function rev(generations: readonly string[]): string {
  return `${generations.length}-${hash(generations[0] as string)}`;
}

/** A timeline's state at one instant, in memory. */
export class Instant implements VersionReader {
  readonly all: Version[];
  readonly contents = new Map<string, Buffer>();
  /** Pieces that a blob is read in, bytes. */
  pieceBytes = 64 * 1024;

  constructor(versions: readonly Version[]) {
    this.all = [...versions].sort((a, b) => compareKeys(a.key, b.key));
  }

  async *versions(): AsyncGenerator<readonly Version[]> {
    for (let at = 0; at < this.all.length; at += 100) yield this.all.slice(at, at + 100);
  }

  async find(keys: readonly ItemKey[]): Promise<(Version | undefined)[]> {
    return keys.map((key) => this.all.find((version) => version.key.equals(key)));
  }

  async *blob(ref: BlobRef): AsyncGenerator<Buffer> {
    const content = this.contents.get(ref.blob) as Buffer;
    for (let at = 0; at < content.length; at += this.pieceBytes) {
      yield content.subarray(at, at + this.pieceBytes);
    }
  }

  within(): never {
    throw new Error("documents have no items below them");
  }

  async contains(keys: readonly ItemKey[]): Promise<boolean[]> {
    const known = new Set(this.all.map((version) => version.key.toString("hex")));
    return keys.map((key) => known.has(key.toString("hex")));
  }

  version(id: string): Version {
    const found = this.all.find((version) => keyText(version.key) === id);
    if (found === undefined) throw new Error(`no version of ${id}`);
    return found;
  }

  /** Only these items, of the same instant. */
  only(...ids: string[]): VersionReader {
    const chosen = new Set(ids);
    const versions = this.all.filter((version) => chosen.has(keyText(version.key)));
    return {
      versions: async function* () {
        yield versions;
      },
      find: async (keys) => await this.find(keys),
      blob: (ref) => this.blob(ref),
      within: () => this.within(),
      contains: async (keys) => await this.contains(keys),
    };
  }
}

export function versionOf(key: string, parts: readonly Buffer[], blobs: readonly BlobRef[] = []): Version {
  const [winner] = parts;
  const members =
    winner === undefined || key === "_security" || key === "_settings" ? undefined : readMembers(winner);
  return {
    key: keyOf(key),
    kind: members?.deleted === true ? "deleted" : "live",
    revision: members?.rev ?? "",
    observation: { run: "0".repeat(32), at: 0, sequence: "" },
    fingerprint: Buffer.alloc(8),
    parts,
    blobs,
  };
}

/** Everything a database holds now, as a timeline would hold it: an account of its own, not the capture's. */
export async function snapshot(
  database: CouchDatabase,
  options: { readonly settings?: boolean; readonly locals?: readonly string[] } = {},
): Promise<Instant> {
  const { rows } = await database.changes({ since: undefined }, signal);
  const versions: Version[] = [];
  const contents = new Map<string, Buffer>();
  for (const row of rows) {
    const refs = row.revs.map((each) => ({ id: row.id, rev: each }));
    const entries = await database.bulkGet(refs, {}, signal);
    const parts = entries.flatMap((entry) =>
      entry.revisions.map((revision) => {
        if (!revision.found) throw new Error(`${row.id}: ${revision.error}`);
        return revision.text;
      }),
    );
    const blobs: BlobRef[] = [];
    for (const [part, text] of parts.entries()) {
      const members = readMembers(text);
      for (const stub of members.attachments) {
        const stored = await database.attachment(
          row.id,
          stub.name,
          members.rev,
          async (answer) => {
            const pieces: Buffer[] = [];
            for await (const piece of answer.body) pieces.push(piece);
            return { bytes: Buffer.concat(pieces), gzip: answer.headers["content-encoding"] === "gzip" };
          },
          signal,
        );
        const blob = createHash("sha256").update(stored.bytes).digest("hex");
        contents.set(blob, stored.bytes);
        const identity = stored.gzip ? gunzipSync(stored.bytes) : stored.bytes;
        blobs.push({
          part,
          name: stub.name,
          blob,
          pack: "",
          length: stored.bytes.length,
          encoding: stored.gzip ? "gzip" : "identity",
          sha256: createHash("sha256").update(identity).digest("hex"),
          alias: "",
        });
      }
    }
    versions.push(versionOf(row.id, parts, blobs));
  }
  for (const id of options.locals ?? []) {
    const text = await database.getLocal(id, signal);
    if (text !== undefined) versions.push(versionOf(`_local/${id}`, [text]));
  }
  if (options.settings === true) {
    const info = await database.info(signal);
    const limit = await database.revsLimit(signal);
    versions.push(versionOf("_security", [await database.security(signal)]));
    versions.push(
      versionOf("_settings", [
        settingsText({
          partitioned: info.partitioned,
          ...(info.q === undefined ? {} : { q: info.q }),
          ...(info.n === undefined ? {} : { n: info.n }),
          ...(limit === undefined ? {} : { revs_limit: limit }),
        }),
      ]),
    );
  }
  const instant = new Instant(versions);
  for (const [name, bytes] of contents) instant.contents.set(name, bytes);
  return instant;
}

/** What two instants must have in common to be the same state: keys, leaf texts, stored attachment bytes. */
export function stateOf(instant: Instant): unknown {
  return instant.all.map((version) => ({
    key: keyText(version.key),
    kind: version.kind,
    parts: version.parts.map((part) => part.toString("utf8")),
    blobs: version.blobs.map(({ part, name, blob, encoding }) => ({ part, name, blob, encoding })),
  }));
}

export function restoreRequest(
  target: string,
  reader: VersionReader,
  more: Partial<RestoreRequest> = {},
): RestoreRequest {
  return {
    target,
    mode: "replica",
    apply: true,
    reader,
    whole: true,
    merge: false,
    newerItems: "keep",
    replicationStopped: false,
    ...more,
  };
}

export async function restore(
  client: CouchClient,
  request: RestoreRequest,
  options: CouchRestoreOptions = {},
  using: SourceContext = context,
): Promise<RestoreOutcome[]> {
  const outcomes: RestoreOutcome[] = [];
  for await (const outcome of restoreCouch(client, options, request, using)) outcomes.push(outcome);
  return outcomes;
}

/** Actions by key. */
export function actions(outcomes: readonly RestoreOutcome[]): Record<string, string> {
  return Object.fromEntries(outcomes.map(({ key, action }) => [keyText(key), action]));
}
