/**
 * The configured sources, each connected on first use. Enough for what needs no repository.
 */
import { systemClock, type Clock } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { effectivePolicy, type EffectivePolicy, type PolicyLayer } from "../model/policy/layers.ts";
import { openSource, type SourceOptions } from "../sources/kinds.ts";
import type { Source } from "../sources/source.ts";

/** A configured source: its name, which of its collections are protected, and how to reach it. */
export interface SourceSettings {
  /** Letters, digits, `-`, `_`, `.`: part of every task's identity, so renaming it starts new timelines. */
  readonly name: string;
  /** Patterns of collections to protect (`*` any run of characters). */
  readonly collections: readonly string[];
  /** Patterns of collections that are not protected though `collections` matches them. */
  readonly exclude: readonly string[];
  readonly options: SourceOptions;
  /** Policies, the most general first; absent: the defaults. */
  readonly policy?: readonly PolicyLayer[];
}

export class Connections implements AsyncDisposable {
  readonly clock: Clock;
  readonly sources: readonly SourceSettings[];
  readonly #connect: typeof openSource;
  readonly #open = new Map<string, Source>();

  /** `connect`: how a source is opened; tests bring their own. */
  constructor(
    sources: readonly SourceSettings[],
    clock: Clock = systemClock,
    connect: typeof openSource = openSource,
  ) {
    this.sources = sources;
    this.clock = clock;
    this.#connect = connect;
  }

  /** The settings of a source. Errors: `source-unknown`. */
  settings(name: string): SourceSettings {
    const settings = this.sources.find((source) => source.name === name);
    if (settings === undefined) {
      const known = this.sources.map((source) => source.name).join(", ") || "none";
      throw new HoldfastError("source-unknown", `No source is called "${name}" (configured: ${known}).`, {
        source: name,
      });
    }
    return settings;
  }

  /** The policy of a collection of a source. Errors: `source-unknown`. */
  policyOf(source: string, collection: string): EffectivePolicy {
    return effectivePolicy(this.settings(source).policy ?? [], collection);
  }

  /** A source, connected on first use and kept until the connections are closed. Errors: `source-unknown`. */
  source(name: string): Source {
    let source = this.#open.get(name);
    if (source === undefined) {
      source = this.#connect(this.settings(name).options, this.clock);
      this.#open.set(name, source);
    }
    return source;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.#open.values()) await source[Symbol.asyncDispose]();
    this.#open.clear();
  }
}
