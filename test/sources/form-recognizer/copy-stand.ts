/**
 * Two resources of the stand-in with the real client between them, for runs of a standby that are disturbed.
 */
import {
  startFormRecognizer,
  type FormRecognizerOptions,
  type FormRecognizerSandbox,
  type ModelOptions,
  type StoredModel,
} from "../../../src/sandbox/form-recognizer/index.ts";
import type { ApiVersion, FormConfig } from "../../../src/sources/form-recognizer/config.ts";
import { liveCopies } from "../../../src/sources/form-recognizer/copy/live-copies.ts";
import { openFormSource } from "../../../src/sources/form-recognizer/index.ts";
import { registerResource } from "../../../src/sources/form-recognizer/resource.ts";
import type { FormService } from "../../../src/sources/form-recognizer/service/face.ts";
import { openFormService } from "../../../src/sources/form-recognizer/service/open.ts";
import type { RestoreOutcome, Source } from "../../../src/sources/source.ts";
import { collected, MemoryLedger, type RunOptions, type Warned } from "./copy-rig.ts";

const START = Date.parse("2026-03-01T00:00:00Z");

/** One try of each request: a disturbance is not healed by the client's own repetitions. */
const ONCE = {
  retry: { baseDelayMs: 1, maxDelayMs: 1, attempts: 1, throttledAttempts: 1 },
  budget: { reads: 1e6, queries: 1e6, writes: 1e6 },
} as const;

export class CopyStand implements AsyncDisposable {
  readonly sandbox: FormRecognizerSandbox;
  readonly apiVersion: ApiVersion;
  readonly ledger = new MemoryLedger();
  readonly warned: Warned[] = [];
  more: Partial<FormConfig> = {};

  constructor(sandbox: FormRecognizerSandbox, apiVersion: ApiVersion) {
    this.sandbox = sandbox;
    this.apiVersion = apiVersion;
  }

  static async start(
    apiVersion: ApiVersion,
    {
      realTime = false,
      ...more
    }: Partial<FormRecognizerOptions> & {
      /** The stand-in's clock goes on by itself. */
      readonly realTime?: boolean;
    } = {},
  ): Promise<CopyStand> {
    const sandbox = await startFormRecognizer({
      resources: [
        { name: "east", region: "eastus" },
        { name: "west", region: "westus2" },
      ],
      ...(realTime ? {} : { manualClockFrom: START }),
      ...more,
    });
    return new CopyStand(sandbox, apiVersion);
  }

  /** Puts a model into the source, or elsewhere; its id. */
  make(options: ModelOptions = {}, name = "east"): string {
    return this.sandbox.makeModel(name, { apiVersion: this.apiVersion, ...options }).id;
  }

  /** `killAfter`: calls of either side that get their answer; the next one ends the run as a kill would. */
  async sync({
    apply = true,
    verify = false,
    settings = {},
    signal = new AbortController().signal,
    killAfter = Number.POSITIVE_INFINITY,
  }: RunOptions & { readonly killAfter?: number } = {}): Promise<RestoreOutcome[]> {
    const calls = { left: killAfter };
    await using source = this.#open("east", calls);
    await using target = this.#open("west", calls);
    const { copies } = source;
    if (copies === undefined) throw new Error("no copies");
    const request = { target, ledger: this.ledger, apply, verify, settings };
    const context = {
      clock: this.sandbox,
      signal,
      warn: (message: string, item?: string) => this.warned.push({ message, item }),
    };
    return await collected(copies.copyTo(request, context));
  }

  #open(name: string, calls: { left: number }): Source {
    const { url, keys, region, resourceId } = this.sandbox.resource(name);
    const config: FormConfig = {
      url,
      apiVersion: this.apiVersion,
      auth: { kind: "key", key: keys[0] },
      region,
      resourceId,
      pollMs: 0,
      ...ONCE,
      ...this.more,
    };
    const service = mortal(openFormService(config, this.sandbox), calls);
    const resource = { config, service, clock: this.sandbox };
    const opened = openFormSource(config, this.sandbox);
    const source: Source = {
      ...opened,
      copies: liveCopies(resource),
      async [Symbol.asyncDispose]() {
        await service[Symbol.asyncDispose]();
        await opened[Symbol.asyncDispose]();
      },
    };
    registerResource(source, resource);
    return source;
  }

  held(name = "west"): readonly StoredModel[] {
    return this.sandbox.models(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.sandbox.close();
  }
}

const CALLS = [
  "list",
  "details",
  "remove",
  "room",
  "authorise",
  "submitCopy",
  "copyState",
  "compose",
  "buildState",
];

/** A service whose caller dies once its calls are used up: before the next one is made, after the last one was answered. */
function mortal(service: FormService, calls: { left: number }): FormService {
  return new Proxy(service, {
    get(of, name) {
      const member = Reflect.get(of, name, of) as unknown;
      if (typeof member !== "function") return member;
      const bound = member.bind(of) as (...given: unknown[]) => unknown;
      if (typeof name !== "string" || !CALLS.includes(name)) return bound;
      return (...given: unknown[]) => {
        if (calls.left-- <= 0) throw new Error("killed");
        return bound(...given);
      };
    },
  });
}
