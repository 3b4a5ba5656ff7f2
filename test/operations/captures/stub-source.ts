/**
 * A source of a Watson kind whose items the test sets: it behaves as such sources must where captures are concerned, and has hooks
 * for what happens meanwhile.
 */
import { keyOf, keyText, type ItemKey } from "../../../src/model/key.ts";
import type { CapturedVersion } from "../../../src/model/version.ts";
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
} from "../../../src/sources/source.ts";

export class StubSource implements Source {
  readonly kind = "watson-stt";
  readonly traffic = { requests: 0, throttled: 0 };
  /** Bodies by key: what the service lists. */
  readonly items = new Map<string, string>();
  /** Called while a capture is under way, before it ends. */
  during: (() => Promise<void>) | undefined;
  /** Every capture request, without its engine. */
  readonly captures: Omit<CaptureRequest, "engine">[] = [];
  restoring: (request: RestoreRequest) => AsyncIterable<RestoreOutcome> = async function* () {};
  comparing: ((request: CompareRequest) => void) | undefined;

  async test(): Promise<SourceCheck> {
    return { service: "stub", version: "1", user: "", abilities: [] };
  }

  async *discover(): AsyncGenerator<Discovered> {
    yield { collection: "language-models", identity: "" };
  }

  async *capture(request: CaptureRequest, context: SourceContext): AsyncGenerator<CaptureEvent> {
    const { engine, ...given } = request;
    this.captures.push(given);
    this.traffic.requests += 1;
    yield { kind: "start", run: request.cursor === undefined ? "baseline" : "delta", identity: "" };
    const states = [...this.items].map(([key, body]) => ({ key: keyOf(key), state: Buffer.from(body) }));
    const known = await engine.known(states);
    const versions = states
      .filter((_, index) => known[index] !== true)
      .map(({ key, state }) => version(key, state));
    yield { kind: "versions", versions, sequence: "" };
    await this.during?.();
    const now = context.clock.now();
    yield { kind: "end", cursor: { seen: this.items.size }, completeAsOf: now, through: now };
  }

  async *restore(request: RestoreRequest): AsyncGenerator<RestoreOutcome> {
    yield* this.restoring(request);
  }

  async *compare(request: CompareRequest): AsyncGenerator<CompareEvent> {
    this.comparing?.(request);
    yield { kind: "end", items: 0, parts: 0, blobs: 0 };
  }

  async readItems(_collection: string, keys: readonly ItemKey[]): Promise<(CapturedVersion | undefined)[]> {
    return keys.map((key) => {
      const body = this.items.get(keyText(key));
      return body === undefined ? undefined : version(key, Buffer.from(body));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held.
  }
}

function version(key: ItemKey, body: Buffer): CapturedVersion {
  return { key, kind: "live", revision: "", state: body, parts: [body], blobs: [] };
}
