/**
 * Two resources, a ledger that survives a killed run, and runs of a standby between them.
 */
import type { ApiVersion } from "../../../src/sources/form-recognizer/config.ts";
import { openFormSource } from "../../../src/sources/form-recognizer/index.ts";
import { liveCopies } from "../../../src/sources/form-recognizer/copy/live-copies.ts";
import { registerResource } from "../../../src/sources/form-recognizer/resource.ts";
import type { CopyLedger, CopyStep } from "../../../src/sources/live-copies.ts";
import type { RestoreOutcome, Source, SourceContext } from "../../../src/sources/source.ts";
import { FakeCloud, FakeService } from "./fake-service.ts";

/** Steps as they would be on disk. */
export class MemoryLedger implements CopyLedger {
  readonly #steps = new Map<string, CopyStep>();
  /** Every record in order. */
  readonly history: CopyStep[] = [];
  /** Counts down; at zero the record is lost as by a kill. */
  dieAfter = Number.POSITIVE_INFINITY;

  steps(): readonly CopyStep[] {
    return [...this.#steps.values()];
  }

  async record(step: CopyStep): Promise<void> {
    await Promise.resolve();
    if (this.dieAfter-- <= 0) throw new Error("killed");
    const stored = JSON.parse(JSON.stringify(step)) as CopyStep;
    this.history.push(stored);
    this.#steps.set(JSON.stringify([step.key, step.version, step.target]), stored);
  }

  of(state: CopyStep["state"]): readonly CopyStep[] {
    return this.steps().filter((step) => step.state === state);
  }
}

export interface Warned {
  readonly message: string;
  readonly item?: string | undefined;
}

export interface RunOptions {
  readonly apply?: boolean;
  readonly verify?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

/** Just enough of a source to be one side of a copy. */
export function sourceAround(
  service: FakeService,
  place: { resourceId?: string; region?: string } = {},
): Source {
  const config = {
    url: service.endpoint,
    apiVersion: service.apiVersion,
    auth: { kind: "key", key: "0".repeat(32) } as const,
    pollMs: 0,
    ...place,
  };
  const clock = { now: () => service.cloud.now };
  const resource = { config, service, clock };
  const source: Source = { ...openFormSource(config, clock), copies: liveCopies(resource) };
  registerResource(source, resource);
  return source;
}

export class CopyRig {
  readonly cloud = new FakeCloud();
  readonly source: FakeService;
  readonly target: FakeService;
  readonly ledger = new MemoryLedger();
  readonly warned: Warned[] = [];

  constructor(apiVersion: ApiVersion, options: { readonly limit?: number; readonly looks?: number } = {}) {
    this.source = new FakeService({ name: "east", apiVersion, cloud: this.cloud, ...options });
    this.target = new FakeService({ name: "west", apiVersion, cloud: this.cloud, ...options });
  }

  context(signal: AbortSignal = new AbortController().signal): SourceContext {
    return {
      // Time goes on with every look at it, so that nothing waits for ever.
      clock: { now: () => (this.cloud.now += 10) },
      signal,
      warn: (message, item) => this.warned.push({ message, item }),
    };
  }

  async sync(options: RunOptions = {}): Promise<RestoreOutcome[]> {
    return await this.#sync(this.source, this.target, this.ledger, options);
  }

  /** The other way round, with a ledger of its own. */
  async syncBack(ledger: MemoryLedger, options: RunOptions = {}): Promise<RestoreOutcome[]> {
    return await this.#sync(this.target, this.source, ledger, options);
  }

  async #sync(
    from: FakeService,
    to: FakeService,
    ledger: MemoryLedger,
    { apply = true, verify = false, settings = {}, signal }: RunOptions,
  ): Promise<RestoreOutcome[]> {
    const copies = sourceAround(from, PLACE).copies;
    if (copies === undefined) throw new Error("no copies");
    const request = { target: sourceAround(to, PLACE), ledger, apply, verify, settings };
    return await collected(copies.copyTo(request, this.context(signal)));
  }

  /** Models of the target that are ready, by id. */
  arrived(): string[] {
    return [...this.target.models.values()]
      .filter(({ status }) => status === "ready")
      .map(({ id }) => id)
      .sort();
  }
}

export const PLACE = {
  resourceId:
    "/subscriptions/0a1b/resourceGroups/forms/providers/Microsoft.CognitiveServices/accounts/forms-west",
  region: "westus2",
};

/** `models/invoice create` for each outcome, sorted. */
export function told(outcomes: readonly RestoreOutcome[]): string[] {
  return outcomes.map(({ key, action }) => `${key.toString()} ${action}`).sort();
}

export async function collected<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const element of elements) all.push(element);
  return all;
}

export const DAY_MS = 86_400_000;
