/**
 * A timeline in memory: captures go into it, restores and comparisons read from it.
 */
import { systemClock, type Clock } from "../../../src/model/clock.ts";
import { compareKeys, keyOf, keyText, sortableKey, type ItemKey } from "../../../src/model/key.ts";
import type { CapturedVersion, Version } from "../../../src/model/version.ts";
import type {
  CaptureEngine,
  CaptureEvent,
  CompareRequest,
  Cursor,
  Difference,
  RestoreOutcome,
  RestoreRequest,
  Source,
  SourceContext,
  VersionReader,
} from "../../../src/sources/source.ts";
import type { CaptureNote } from "../../../src/sources/watson/captures.ts";

export interface Context extends SourceContext {
  readonly warnings: string[];
  readonly phases: string[];
}

export function contextOf(clock: Clock = systemClock): Context {
  const warnings: string[] = [];
  const phases: string[] = [];
  return {
    clock,
    signal: new AbortController().signal,
    warnings,
    phases,
    warn: (message) => void warnings.push(message),
    progress: ({ phase }) => void phases.push(phase),
  };
}

export class MemoryTimeline {
  readonly collection: string;
  readonly versions = new Map<string, CapturedVersion>();
  readonly #blobs = new Map<string, Buffer>();
  /** False: an engine with a key that may only write. */
  mayRead = true;
  cursor: Cursor | undefined;

  constructor(collection: string) {
    this.collection = collection;
  }

  engine(): CaptureEngine {
    return {
      known: async (states) =>
        states.map(({ key, state }) => this.versions.get(sortableKey(key))?.state.equals(state) ?? false),
      findBlob: async () => undefined,
      storeBlob: () => Promise.reject(new Error("no blobs are captured here")),
      keptKeys: (prefix = Buffer.alloc(0)) => (this.mayRead ? this.#keys(prefix) : undefined),
    };
  }

  async *#keys(prefix: ItemKey): AsyncGenerator<ItemKey[]> {
    const keys = [...this.versions.values()].map(({ key }) => key).sort(compareKeys);
    for (const key of keys) if (key.subarray(0, prefix.length).equals(prefix)) yield [key];
  }

  /** One whole run; its versions by key and kind. */
  async capture(
    source: Source,
    { context = contextOf(), reconcile = false }: { context?: SourceContext; reconcile?: boolean } = {},
  ): Promise<{ readonly run: string; readonly items: Record<string, string> }> {
    const items: Record<string, string> = {};
    let run = "";
    for await (const event of source.capture(this.request(reconcile), context)) {
      if (event.kind === "start") run = event.run;
      for (const version of this.keep(event)) items[keyText(version.key)] = version.kind;
    }
    return { run, items };
  }

  request(reconcile = false): Parameters<Source["capture"]>[0] {
    const { collection, cursor } = this;
    return { collection, cursor, resume: undefined, reconcile, engine: this.engine() };
  }

  keep(event: CaptureEvent): readonly CapturedVersion[] {
    if (event.kind === "end") this.cursor = event.cursor;
    if (event.kind !== "versions") return [];
    for (const version of event.versions) this.versions.set(sortableKey(version.key), version);
    return event.versions;
  }

  /** A capture, as the gateway or a command writes it. */
  addCapture(key: ItemKey, note: Partial<CaptureNote>, content?: Buffer): void {
    const blob = String(this.#blobs.size + 1).padStart(64, "0");
    if (content !== undefined) this.#blobs.set(blob, content);
    const whole: CaptureNote = {
      operation: "test",
      at: "2026-11-21T00:00:00.000Z",
      evidence: "captured",
      by: "gateway",
      query: {},
      ...note,
    };
    const shared = {
      part: 0,
      name: "content",
      pack: "",
      encoding: "identity",
      sha256: "",
      alias: "",
    } as const;
    this.versions.set(sortableKey(key), {
      key,
      kind: "live",
      revision: "",
      state: Buffer.from(JSON.stringify(whole)),
      parts: [Buffer.from(JSON.stringify(whole))],
      blobs: content === undefined ? [] : [{ ...shared, blob, length: content.length }],
    });
  }

  /** The text of an item's body. */
  body(key: string): string | undefined {
    return this.versions.get(sortableKey(keyOf(key)))?.parts[0]?.toString("utf8");
  }

  /** What is kept now; later captures do not change it. `chosen`: only these keys. */
  reader(chosen: (key: string) => boolean = () => true): VersionReader {
    const all = [...this.versions.values()].sort((a, b) => compareKeys(a.key, b.key)).map(stored);
    const byKey = new Map(all.map((version) => [sortableKey(version.key), version]));
    const blobs = this.#blobs;
    return {
      async *versions() {
        for (const version of all) if (chosen(keyText(version.key))) yield [version];
      },
      find: async (keys) => keys.map((key) => byKey.get(sortableKey(key))),
      async *within(prefix) {
        yield all.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix));
      },
      contains: async (keys) => keys.map((key) => byKey.has(sortableKey(key))),
      async *blob({ blob }) {
        yield blobs.get(blob) as Buffer;
      },
    };
  }

  /** A restore of everything, outcomes by key. */
  async restore(
    source: Source,
    more: Partial<RestoreRequest> = {},
    context: SourceContext = contextOf(),
  ): Promise<Record<string, RestoreOutcome>> {
    const outcomes: Record<string, RestoreOutcome> = {};
    const request: RestoreRequest = {
      target: this.collection,
      mode: "replica",
      apply: true,
      reader: this.reader(),
      whole: true,
      merge: false,
      newerItems: "keep",
      replicationStopped: false,
      ...more,
    };
    for await (const outcome of source.restore(request, context)) outcomes[keyText(outcome.key)] = outcome;
    return outcomes;
  }

  async differences(source: Source, more: Partial<CompareRequest> = {}): Promise<Difference[]> {
    const differences: Difference[] = [];
    const request = { target: this.collection, reader: this.reader(), whole: true, ...more };
    for await (const event of source.compare(request, contextOf())) {
      if (event.kind === "difference") differences.push(event.difference);
    }
    return differences;
  }
}

/** What happened to each item, those that were the same left out. */
export function acted(outcomes: Readonly<Record<string, RestoreOutcome>>): Record<string, string> {
  const entries = Object.entries(outcomes).filter(([, { action }]) => action !== "same");
  return Object.fromEntries(entries.map(([key, { action }]) => [key, action]));
}

function stored({ key, kind, revision, parts, blobs }: CapturedVersion): Version {
  const observation = { run: "", at: 0, sequence: "" };
  return { key, kind, revision, parts, blobs, observation, fingerprint: Buffer.alloc(8) };
}
