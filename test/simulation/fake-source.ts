/**
 * A source kind for tests, over a service in memory: the whole face of a source without HTTP, so that the engine is
 * proven with another kind than CouchDB, and fast enough for thousands of histories.
 */
import type { Clock } from "../../src/model/clock.ts";
import { HoldfastError } from "../../src/model/errors.ts";
import { keyText, type ItemKey } from "../../src/model/key.ts";
import type { PolicyLayer } from "../../src/model/policy/layers.ts";
import type { CapturedVersion } from "../../src/model/version.ts";
import { matchesPattern } from "../../src/model/pattern.ts";
import type { SourceSettings } from "../../src/operations/connections.ts";
import type { SourceOptions } from "../../src/sources/kinds.ts";
import type {
  CaptureEvent,
  CaptureRequest,
  CompareEvent,
  CompareRequest,
  Discovered,
  RestoreOutcome,
  RestoreRequest,
  Source,
  SourceCheck,
  SourceContext,
} from "../../src/sources/source.ts";
import { FakeCapture } from "./fake-capture.ts";
import { compareFake, restoreFake } from "./fake-restore.ts";
import type { FakeCollection, FakeService } from "./fake-service.ts";

/** The kind is not among those that a configuration may name. */
const OPTIONS = { kind: "fake" } as unknown as SourceOptions;

/** Settings of a source of this kind that protects everything. */
export function fakeSettings(name: string, policy: readonly PolicyLayer[] = []): SourceSettings {
  return { name, collections: ["*"], exclude: [], options: OPTIONS, policy };
}

/** What a `Workspace` connects its sources with. */
export function connectTo(service: FakeService): (options: SourceOptions, clock: Clock) => Source {
  return () => new FakeSource(service);
}

export class FakeSource implements Source {
  readonly kind = "fake";
  readonly traffic = { requests: 0, throttled: 0 };
  readonly #service: FakeService;

  constructor(service: FakeService) {
    this.#service = service;
  }

  async test(): Promise<SourceCheck> {
    const abilities = [{ name: "read", ok: true, detail: "" }];
    return { service: "fake", version: "1", user: "", abilities };
  }

  async *discover(patterns: readonly string[]): AsyncGenerator<Discovered> {
    for (const [collection, { identity, items }] of this.#service.collections) {
      if (patterns.some((pattern) => matchesPattern(pattern, collection))) {
        yield { collection, identity, items: items.size };
      }
    }
  }

  async *capture(request: CaptureRequest, context: SourceContext): AsyncGenerator<CaptureEvent> {
    this.traffic.requests += 1;
    const collection = this.#collection(request.collection);
    yield* new FakeCapture(this.#service, collection, request, context).events();
  }

  async *restore(request: RestoreRequest, context: SourceContext): AsyncGenerator<RestoreOutcome> {
    this.traffic.requests += 1;
    yield* restoreFake(this.#service, request, context);
  }

  async *compare(request: CompareRequest, context: SourceContext): AsyncGenerator<CompareEvent> {
    this.traffic.requests += 1;
    yield* compareFake(this.#collection(request.target), request, context);
  }

  async readItems(collection: string, keys: readonly ItemKey[]): Promise<(CapturedVersion | undefined)[]> {
    const { items } = this.#collection(collection);
    return keys.map((key) => {
      const item = items.get(keyText(key));
      if (item === undefined) return undefined;
      const { kind, revision, body } = item;
      return { key, kind, revision, state: Buffer.from(revision), parts: [body], blobs: [] };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }

  #collection(name: string): FakeCollection {
    const collection = this.#service.collections.get(name);
    if (collection === undefined) {
      throw new HoldfastError("source-not-found", `There is no collection "${name}".`);
    }
    return collection;
  }
}
