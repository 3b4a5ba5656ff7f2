/**
 * Capturing from the service in memory: a baseline in order of key and then the feed; a delta from the feed. Beside that
 * it keeps account of what a faithful timeline must answer after this capture: what was so before, and what it was told since.
 */
import { keyOf, keyText } from "../../src/model/key.ts";
import type { BlobRef, CapturedVersion } from "../../src/model/version.ts";
import type { CaptureEvent, CaptureRequest, Cursor, SourceContext } from "../../src/sources/source.ts";
import {
  sha256,
  type Believed,
  type FakeCollection,
  type FakeItem,
  type FakeService,
} from "./fake-service.ts";
import { sortedKeys } from "./keys.ts";

/** Small, so that small collections have several batches and checkpoints. */
const BATCH = 4;
const PURGED_STATE = Buffer.from("purged");

/** What the source remembers between runs, and a run that was cut off. */
interface FakeCursor {
  readonly identity: string;
  readonly sequence: number;
  /** The capture that wrote the cursor; in a checkpoint, the one that the run continues from. */
  readonly capture?: number;
  /** In a checkpoint of a baseline: the last key that was handed over. */
  readonly after?: string;
  /** In a checkpoint: what the run had said until then, as the service remembers it. */
  readonly said?: number;
}

export class FakeCapture {
  readonly #service: FakeService;
  readonly #collection: FakeCollection;
  readonly #request: CaptureRequest;
  readonly #context: SourceContext;
  /** What this run, before and after it was continued, has said. */
  readonly #handed = new Map<string, Believed>();
  /** How far in the feed it has got. */
  #sequence = 0;

  constructor(
    service: FakeService,
    collection: FakeCollection,
    request: CaptureRequest,
    context: SourceContext,
  ) {
    this.#service = service;
    this.#collection = collection;
    this.#request = request;
    this.#context = context;
  }

  async *events(): AsyncGenerator<CaptureEvent> {
    const { identity } = this.#collection;
    const base = cursorOf(this.#request.cursor);
    const continues = base?.identity === identity;
    const resume = cursorOf(this.#request.resume);
    const resumed = resume?.identity === identity ? resume : undefined;
    const said = resumed?.said === undefined ? [] : (this.#service.captures.get(resumed.said) ?? []);
    for (const [key, state] of said) this.#handed.set(key, state);
    if (continues) {
      yield { kind: "start", run: "delta", identity };
      const from = resumed?.sequence ?? this.#collection.resumeAt(base.sequence);
      yield* this.#feed(this.#request.reconcile ? 0 : from);
      if (this.#request.reconcile) yield* this.#absences();
    } else {
      const reason = base === undefined ? {} : { reason: "The collection was made anew." };
      yield { kind: "start", run: "baseline", identity, ...reason };
      const sequence = resumed?.sequence ?? this.#collection.sequence;
      if (resumed?.after !== undefined || resumed === undefined) {
        yield* this.#everything(resumed?.after, sequence);
      }
      yield* this.#feed(sequence);
    }
    const now = this.#context.clock.now();
    const before = continues && base.capture !== undefined ? this.#service.captures.get(base.capture) : [];
    const capture = this.#service.recordCapture(new Map([...(before ?? []), ...this.#handed]));
    yield {
      kind: "end",
      cursor: { identity, sequence: this.#sequence, capture },
      completeAsOf: now,
      through: now,
      items: this.#collection.items.size,
    };
  }

  async *#everything(after: string | undefined, sequence: number): AsyncGenerator<CaptureEvent> {
    const { identity } = this.#collection;
    const keys = sortedKeys(this.#collection.items.keys());
    let open = keys.slice(after === undefined ? 0 : keys.findLastIndex((key) => !isAfter(key, after)) + 1);
    while (open.length > 0) {
      const batch = open.slice(0, BATCH);
      open = open.slice(BATCH);
      const items = batch.flatMap((key) => this.#collection.items.get(key) ?? []);
      yield* this.#hand(items, sequence);
      yield this.#checkpoint({ identity, sequence, after: batch[batch.length - 1] as string });
    }
  }

  async *#feed(from: number): AsyncGenerator<CaptureEvent> {
    const { identity } = this.#collection;
    this.#sequence = from;
    for (;;) {
      const rows = this.#collection.changes(this.#sequence).slice(0, BATCH);
      const last = rows[rows.length - 1];
      if (last === undefined) return;
      const states = rows.map((item) => ({ key: keyOf(item.key), state: Buffer.from(item.revision) }));
      const known = await this.#request.engine.known(states);
      // What is known is what the timeline says already.
      for (const item of rows) this.#handed.set(item.key, item);
      const news = rows.filter((_, index) => known[index] !== true);
      yield* this.#hand(news, last.sequence);
      this.#sequence = last.sequence;
      yield this.#checkpoint({ identity, sequence: last.sequence });
    }
  }

  /** Kept items that the service has no more. */
  async *#absences(): AsyncGenerator<CaptureEvent> {
    for await (const keys of this.#request.engine.keptKeys() ?? []) {
      const gone = keys.filter((key) => !this.#collection.items.has(keyText(key)));
      if (gone.length === 0) continue;
      for (const key of gone) this.#handed.set(keyText(key), "purged");
      const versions = gone.map((key): CapturedVersion => {
        return { key, kind: "purged", revision: "", state: PURGED_STATE, parts: [], blobs: [] };
      });
      await this.#request.engine.known(versions);
      yield { kind: "versions", versions, sequence: String(this.#sequence) };
    }
  }

  async *#hand(items: readonly FakeItem[], sequence: number): AsyncGenerator<CaptureEvent> {
    this.#context.signal.throwIfAborted();
    if (items.length === 0) return;
    const versions = await Promise.all(items.map(async (item) => await this.#version(item)));
    for (const item of items) this.#handed.set(item.key, item);
    yield { kind: "versions", versions, sequence: String(sequence) };
    this.#context.signal.throwIfAborted();
  }

  async #version(item: FakeItem): Promise<CapturedVersion> {
    const blobs: BlobRef[] = [];
    for (const { name, content } of item.blobs) {
      const alias = `${item.key}\n${name}\n${sha256(content)}`;
      const stored =
        (await this.#request.engine.findBlob(alias)) ??
        (await this.#request.engine.storeBlob(alias, { encoding: "identity", content: once(content) }));
      blobs.push({ ...stored, part: 0, name });
    }
    const { kind, revision, body } = item;
    return { key: keyOf(item.key), kind, revision, state: Buffer.from(revision), parts: [body], blobs };
  }

  #checkpoint(cursor: FakeCursor): CaptureEvent {
    const said = this.#service.recordCapture(new Map(this.#handed));
    return { kind: "checkpoint", cursor: { ...cursor, said } };
  }
}

function cursorOf(cursor: Cursor | undefined): FakeCursor | undefined {
  return cursor as FakeCursor | undefined;
}

function isAfter(key: string, other: string): boolean {
  return Buffer.compare(keyOf(key), keyOf(other)) > 0;
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
