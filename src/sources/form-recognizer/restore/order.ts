/**
 * The order in which models are put back: what others are made of comes first. The parts of a model that the target lacks come along though they
 * were not chosen: a composed model is nothing without them.
 */
import { modelKey, type ModelRef } from "../keys.ts";
import { keptModel } from "./kept-model.ts";
import { refText } from "./present-models.ts";
import type { FormRestore } from "./run.ts";
import { partsNeeded } from "./ways.ts";

export interface Ordered {
  readonly ref: ModelRef;
  /** Given out before it, and to be waited for. */
  readonly parts: readonly ModelRef[];
}

export class Order {
  readonly #run: FormRestore;
  readonly #chosen: readonly ModelRef[];
  readonly #names: ReadonlySet<string>;
  /** Given out, or on the way to it: a model that is composed of itself would never end. */
  readonly #met = new Set<string>();

  constructor(run: FormRestore, chosen: readonly ModelRef[]) {
    this.#run = run;
    this.#chosen = chosen;
    this.#names = new Set(chosen.map(refText));
  }

  /** Each once. */
  async *models(): AsyncGenerator<Ordered> {
    for (const ref of this.#chosen) yield* this.#withParts(ref, []);
  }

  /** `above`: what it is a part of, on the way to being given out. */
  async *#withParts(ref: ModelRef, above: readonly string[]): AsyncGenerator<Ordered> {
    if (this.#met.has(refText(ref))) return;
    this.#met.add(refText(ref));
    const parts = await this.#partsOf(ref);
    const chain = [...above, refText(ref)];
    for (const part of parts) yield* this.#withParts(part, chain);
    yield { ref, parts: parts.filter((part) => !chain.includes(refText(part))) };
  }

  async #partsOf(ref: ModelRef): Promise<ModelRef[]> {
    const [version] = await this.#run.request.reader.find([modelKey(ref)]);
    const kept = keptModel(ref, version);
    if (kept === undefined) return [];
    const isAbsent = this.#run.present.candidates(ref).length === 0;
    const parts = await partsNeeded(this.#run, kept);
    return parts.filter((part) => isAbsent || this.#names.has(refText(part)));
  }
}
