/**
 * A Speech to Text stand-in, a timeline in memory and an id map, for the tests of language models.
 */
import { createHash } from "node:crypto";
import { systemClock } from "../../../src/model/clock.ts";
import { compareKeys, keyOf, keyText, type ItemKey } from "../../../src/model/key.ts";
import type { BlobRef, CapturedVersion, Version } from "../../../src/model/version.ts";
import { DEFAULT_INSTANCE } from "../../../src/sandbox/watson/index.ts";
import {
  startWatsonStt,
  type WatsonSttOptions,
  type WatsonSttSandbox,
} from "../../../src/sandbox/watson-stt/index.ts";
import type {
  CaptureEngine,
  CaptureEvent,
  CaptureRequest,
  CompareEvent,
  CompareRequest,
  Cursor,
  IdMap,
  RestoreOutcome,
  RestoreRequest,
  Source,
  SourceContext,
  VersionReader,
} from "../../../src/sources/source.ts";
import type { CaptureNote } from "../../../src/sources/watson/captures.ts";
import { captureKey } from "../../../src/sources/watson/keys.ts";
import { openWatsonStt } from "../../../src/sources/watson-stt/index.ts";

export { DEFAULT_INSTANCE } from "../../../src/sandbox/watson/index.ts";

export const COLLECTION = "language-models";
export const DR_INSTANCE = "dr";

export interface Stand extends AsyncDisposable {
  readonly sandbox: WatsonSttSandbox;
  /** A source for an instance; the stand closes it. */
  source(instance?: string): Source;
  /** A call of the service, past Holdfast; its answer. */
  call(method: string, path: string, body?: unknown, instance?: string): Promise<Record<string, unknown>>;
}

export async function openStand(options: WatsonSttOptions = {}): Promise<Stand> {
  const sandbox = await startWatsonStt(options);
  const sources: Source[] = [];
  const authorization = `Basic ${Buffer.from(`apikey:${sandbox.apiKey}`).toString("base64")}`;
  return {
    sandbox,
    source(instance = DEFAULT_INSTANCE) {
      const source = openWatsonStt(
        {
          url: sandbox.instance(instance),
          auth: { kind: "apikey", apiKey: sandbox.apiKey },
          pollMs: 0,
          retry: { attempts: 3, baseDelayMs: 1, maxDelayMs: 2 },
        },
        systemClock,
      );
      sources.push(source);
      return source;
    },
    async call(method, path, body, instance = DEFAULT_INSTANCE) {
      const isText = typeof body === "string";
      const answer = await fetch(`${sandbox.instance(instance)}${path}`, {
        method,
        headers: { authorization, "content-type": isText ? typeOf(path) : "application/json" },
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    },
    async [Symbol.asyncDispose]() {
      for (const source of sources) await source[Symbol.asyncDispose]();
      await sandbox.close();
    },
  };
}

function typeOf(path: string): string {
  return path.includes("/grammars/") ? "application/srgs" : "text/plain";
}

export function contextOf(warnings: string[] = []): SourceContext {
  return {
    clock: systemClock,
    signal: new AbortController().signal,
    warn: (message) => {
      warnings.push(message);
    },
  };
}

/** What is kept of a collection, in memory. */
export class Kept {
  readonly versions = new Map<string, CapturedVersion>();
  readonly blobs = new Map<string, Buffer>();
  cursor: Cursor | undefined;
  /** False: like a write-only key. */
  mayRead = true;

  engine(): CaptureEngine {
    return {
      known: async (states) =>
        states.map(({ key, state }) => this.versions.get(keyText(key))?.state.equals(state) ?? false),
      findBlob: async () => undefined,
      storeBlob: async () => {
        throw new Error("a listing holds no blobs");
      },
      keptKeys: (prefix = keyOf("")) => (this.mayRead ? this.#keys(prefix) : undefined),
    };
  }

  /** One whole capture; the versions that it handed over. */
  async capture(
    source: Source,
    more: Partial<CaptureRequest> = {},
    context = contextOf(),
  ): Promise<CapturedVersion[]> {
    const handed: CapturedVersion[] = [];
    const request: CaptureRequest = {
      collection: COLLECTION,
      cursor: this.cursor,
      resume: undefined,
      reconcile: false,
      engine: this.engine(),
      ...more,
    };
    for await (const event of source.capture(request, context)) handed.push(...this.#take(event));
    return handed;
  }

  /** The original of an upload, or with no content the options of a request. */
  addCapture(scope: string, rest: string, note: Partial<CaptureNote>, content?: string): void {
    const key = captureKey(scope, rest);
    const bytes = content === undefined ? undefined : Buffer.from(content, "utf8");
    const sha256 = bytes && createHash("sha256").update(bytes).digest("hex");
    const whole: CaptureNote = {
      operation: "",
      at: new Date(this.versions.size * 1000).toISOString(),
      evidence: "captured",
      by: "gateway",
      query: {},
      ...(bytes === undefined || sha256 === undefined ? {} : { sha256, length: bytes.length }),
      ...note,
    };
    const blob = String(this.blobs.size).padStart(64, "0");
    if (bytes !== undefined) this.blobs.set(blob, bytes);
    this.versions.set(keyText(key), {
      key,
      kind: "live",
      revision: "",
      state: Buffer.from(JSON.stringify(whole)),
      parts: [Buffer.from(JSON.stringify(whole))],
      blobs: bytes === undefined ? [] : [blobRef(blob, bytes, sha256 ?? "")],
    });
  }

  reader(chosen: (key: string) => boolean = () => true): VersionReader {
    const present = [...this.versions.values()].sort((a, b) => compareKeys(a.key, b.key)).map(asStored);
    const find = (key: ItemKey): Version | undefined => present.find((version) => version.key.equals(key));
    const { blobs } = this;
    return {
      versions: () => inBatches(present.filter(({ key }) => chosen(keyText(key)))),
      find: async (keys) => keys.map(find),
      within: (prefix) =>
        inBatches(present.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix))),
      contains: async (keys) => keys.map((key) => find(key) !== undefined),
      async *blob({ blob }) {
        yield blobs.get(blob) as Buffer;
      },
    };
  }

  *#take(event: CaptureEvent): Generator<CapturedVersion> {
    if (event.kind === "end") this.cursor = event.cursor;
    if (event.kind !== "versions") return;
    for (const version of event.versions) {
      this.versions.set(keyText(version.key), version);
      yield version;
    }
  }

  async *#keys(prefix: ItemKey): AsyncGenerator<readonly ItemKey[]> {
    const keys = [...this.versions.values()].map(({ key }) => key);
    yield keys.filter((key) => key.subarray(0, prefix.length).equals(prefix)).sort(compareKeys);
  }
}

/** An id map that survives what a test does to a restore. */
export class Ids implements IdMap {
  readonly #entries = new Map<string, string>();

  get(group: string, kept: string): string | undefined {
    return this.#entries.get(`${group}\n${kept}`);
  }

  async set(group: string, kept: string, target: string): Promise<void> {
    this.#entries.set(`${group}\n${kept}`, target);
  }

  all(): { readonly group: string; readonly kept: string; readonly target: string }[] {
    return [...this.#entries].map(([name, target]) => {
      const [group = "", kept = ""] = name.split("\n");
      return { group, kept, target };
    });
  }
}

export async function restoreInto(
  source: Source,
  kept: Kept,
  more: Partial<RestoreRequest> = {},
  context = contextOf(),
): Promise<RestoreOutcome[]> {
  const outcomes: RestoreOutcome[] = [];
  const request: RestoreRequest = {
    target: COLLECTION,
    mode: "replica",
    apply: true,
    reader: kept.reader(),
    whole: true,
    merge: true,
    newerItems: "keep",
    replicationStopped: false,
    ...more,
  };
  for await (const outcome of source.restore(request, context)) outcomes.push(outcome);
  return outcomes;
}

/** What differs, as `key: difference`. */
export async function differences(
  source: Source,
  kept: Kept,
  more: Partial<CompareRequest> = {},
): Promise<string[]> {
  const found: string[] = [];
  const events: AsyncIterable<CompareEvent> = source.compare(
    { target: COLLECTION, reader: kept.reader(), whole: true, ...more },
    contextOf(),
  );
  for await (const event of events) {
    if (event.kind === "difference")
      found.push(`${keyText(event.difference.key)}: ${event.difference.difference}`);
  }
  return found;
}

/** What was done to each item, those that were the same left out. */
export function acted(outcomes: readonly RestoreOutcome[]): Record<string, string> {
  const others = outcomes.filter(({ action }) => action !== "same");
  return Object.fromEntries(others.map(({ key, action }) => [keyText(key), action]));
}

async function* inBatches<T>(all: readonly T[]): AsyncGenerator<readonly T[]> {
  for (let start = 0; start < all.length; start += 7) yield all.slice(start, start + 7);
}

function asStored({ key, kind, revision, parts, blobs }: CapturedVersion): Version {
  const observation = { run: "", at: 0, sequence: "" };
  return { key, kind, revision, parts, blobs, observation, fingerprint: Buffer.alloc(8) };
}

function blobRef(blob: string, bytes: Buffer, sha256: string): BlobRef {
  return {
    part: 0,
    name: "content",
    blob,
    pack: "0".repeat(32),
    length: bytes.length,
    encoding: "identity",
    sha256,
    alias: "",
  };
}
