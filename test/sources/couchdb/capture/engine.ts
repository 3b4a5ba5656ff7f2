/**
 * A capture engine in memory, and a way to run captures against it: what the tests of capture share.
 */
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { compareKeys, type ItemKey } from "../../../../src/model/key.ts";
import type { CapturedVersion } from "../../../../src/model/version.ts";
import { captureCouch } from "../../../../src/sources/couchdb/capture/capture.ts";
import type { CouchClient } from "../../../../src/sources/couchdb/client.ts";
import type { CouchConfig } from "../../../../src/sources/couchdb/config.ts";
import type {
  BlobContent,
  CaptureEngine,
  CaptureEvent,
  CaptureRequest,
  Cursor,
  StoredBlob,
} from "../../../../src/sources/source.ts";

export class MemoryEngine implements CaptureEngine {
  /** The timeline's newest version of each item, by its key as latin1 text. */
  newest = new Map<string, CapturedVersion>();
  readonly contents = new Map<string, Buffer>();
  readonly aliases = new Map<string, StoredBlob>();
  stored = 0;
  readable = true;

  put(version: CapturedVersion): void {
    this.newest.set(version.key.toString("latin1"), version);
  }

  known(states: readonly { readonly key: ItemKey; readonly state: Buffer }[]): Promise<boolean[]> {
    return Promise.resolve(
      states.map(({ key, state }) => this.newest.get(key.toString("latin1"))?.state.equals(state) === true),
    );
  }

  findBlob(alias: string): Promise<StoredBlob | undefined> {
    return Promise.resolve(this.aliases.get(alias));
  }

  async storeBlob(alias: string, blob: BlobContent): Promise<StoredBlob> {
    const pieces: Buffer[] = [];
    for await (const piece of blob.content) pieces.push(Buffer.from(piece));
    const bytes = Buffer.concat(pieces);
    const identity = blob.encoding === "gzip" ? gunzipSync(bytes) : bytes;
    const name = createHash("sha256").update(bytes).digest("hex");
    this.contents.set(name, bytes);
    this.stored++;
    const stored: StoredBlob = {
      blob: name,
      pack: "",
      length: bytes.length,
      encoding: blob.encoding,
      sha256: createHash("sha256").update(identity).digest("hex"),
      alias,
    };
    this.aliases.set(alias, stored);
    return stored;
  }

  keptKeys(): AsyncIterable<readonly ItemKey[]> | undefined {
    if (!this.readable) return undefined;
    const keys = [...this.newest.values()].filter(({ kind }) => kind !== "purged").map(({ key }) => key);
    keys.sort(compareKeys);
    return (async function* () {
      yield keys;
    })();
  }

  /** The item's newest version. */
  item(name: string): CapturedVersion | undefined {
    return this.newest.get(Buffer.from(name, "utf8").toString("latin1"));
  }

  /** Names and kinds of all documents that are kept, in key order. */
  documents(): string[] {
    return [...this.newest.values()]
      .filter(({ key }) => key[0] !== 0x5f || key.toString().startsWith("_design/"))
      .sort((a, b) => compareKeys(a.key, b.key))
      .map(({ key, kind }) => `${key.toString("utf8")} ${kind}`);
  }
}

export interface Captured {
  readonly run: "baseline" | "delta";
  readonly reason: string | undefined;
  readonly identity: string;
  readonly versions: readonly CapturedVersion[];
  readonly checkpoints: readonly Cursor[];
  readonly cursor: Cursor;
  readonly completeAsOf: number;
  readonly through: number;
  readonly warnings: readonly string[];
}

export interface CaptureOptions extends Partial<CaptureRequest> {
  readonly config?: Partial<CouchConfig>;
  readonly signal?: AbortSignal;
  /** Called with every event after it was applied; a throw ends the capture as a crash would. */
  readonly each?: (event: CaptureEvent) => void;
}

/** Runs a capture to its end, applies it to the engine, and checks the order of its events. */
export async function capture(
  client: CouchClient,
  collection: string,
  engine: MemoryEngine,
  options: CaptureOptions = {},
): Promise<Captured> {
  const versions: CapturedVersion[] = [];
  const checkpoints: Cursor[] = [];
  const warnings: string[] = [];
  let start: Extract<CaptureEvent, { kind: "start" }> | undefined;
  let end: Extract<CaptureEvent, { kind: "end" }> | undefined;
  const events = captureCouch(
    client,
    { url: "", auth: { kind: "none" }, ...options.config },
    {
      collection,
      cursor: options.cursor,
      resume: options.resume,
      reconcile: options.reconcile ?? false,
      engine,
    },
    {
      clock: { now: () => Date.now() },
      signal: options.signal ?? new AbortController().signal,
      warn: (message) => warnings.push(message),
    },
  );
  for await (const event of events) {
    if ((event.kind === "start") !== (start === undefined)) throw new Error("start must come first and once");
    if (end !== undefined) throw new Error("nothing may follow the end");
    if (event.kind === "start") {
      start = event;
      // A new epoch begins with nothing.
      if (event.run === "baseline" && options.resume === undefined) engine.newest = new Map();
    } else if (event.kind === "versions") {
      for (const version of event.versions) engine.put(version);
      versions.push(...event.versions);
    } else if (event.kind === "checkpoint") checkpoints.push(json(event.cursor));
    else end = event;
    options.each?.(event);
  }
  if (start === undefined || end === undefined) throw new Error("a capture needs a start and an end");
  return {
    run: start.run,
    reason: start.reason,
    identity: start.identity,
    versions,
    checkpoints,
    cursor: json(end.cursor),
    completeAsOf: end.completeAsOf,
    through: end.through,
    warnings,
  };
}

/** As the manifest keeps it. */
function json(cursor: Cursor): Cursor {
  return JSON.parse(JSON.stringify(cursor)) as Cursor;
}

/** Item names of versions, in the order they came. */
export function names(versions: readonly CapturedVersion[]): string[] {
  return versions.map(({ key }) => key.toString("utf8"));
}
