/**
 * What the timeline has below a prefix and a list of files has not. Both are read in step, so neither has to fit into memory. A list that is in
 * another order than ours only makes more suspects: each is asked for by name before it counts as gone.
 */
import { compareKeys, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import { goneVersion } from "../../news.ts";
import type { CaptureEngine } from "../../source.ts";
import { orderedPipeline } from "../../ordered-pipeline.ts";

/**
 * Suspects that wait for the end of the list: when it breaks off, nothing counts as gone. A key has at most a few KiB. Only when so many wait
 * are they asked for before; by name, which proves as much.
 */
const MOST_WAITING = 10_000;
/** Deletions handed over together. */
const BATCH = 256;
/** Files asked for by name at once. */
const LOOKS_AT_ONCE = 4;

export class KeptFiles {
  readonly #engine: CaptureEngine;
  readonly #kept: AsyncIterator<ItemKey>;
  readonly #isThere: (key: ItemKey, signal: AbortSignal) => Promise<boolean>;
  readonly #signal: AbortSignal;
  #next: IteratorResult<ItemKey> | undefined;
  #suspects: ItemKey[] = [];

  /** `isThere`: whether the file of that key, absent from the list so far, exists all the same. */
  constructor(
    engine: CaptureEngine,
    kept: AsyncIterable<readonly ItemKey[]>,
    isThere: (key: ItemKey, signal: AbortSignal) => Promise<boolean>,
    signal: AbortSignal,
  ) {
    this.#engine = engine;
    this.#kept = flat(kept);
    this.#isThere = isThere;
    this.#signal = signal;
  }

  /** The list shows a file with this key. Yields deletions of what should have come before it. */
  async *pass(key: ItemKey): AsyncGenerator<readonly CapturedVersion[]> {
    for (;;) {
      this.#next ??= await this.#kept.next();
      if (this.#next.done === true) return;
      const order = compareKeys(this.#next.value, key);
      if (order > 0) return;
      if (order < 0) this.#suspects.push(this.#next.value);
      this.#next = undefined;
      if (this.#suspects.length >= MOST_WAITING) yield* this.#judge();
    }
  }

  /** The list has ended. Call `close` whatever happens. */
  async *end(): AsyncGenerator<readonly CapturedVersion[]> {
    for (;;) {
      this.#next ??= await this.#kept.next();
      if (this.#next.done === true) break;
      this.#suspects.push(this.#next.value);
      this.#next = undefined;
      if (this.#suspects.length >= MOST_WAITING) yield* this.#judge();
    }
    yield* this.#judge();
  }

  async close(): Promise<void> {
    await this.#kept.return?.();
  }

  async *#judge(): AsyncGenerator<readonly CapturedVersion[]> {
    const suspects = this.#suspects;
    this.#suspects = [];
    for (let from = 0; from < suspects.length; from += BATCH) {
      const gone = suspects.slice(from, from + BATCH).map((key) => goneVersion(key));
      const known = await this.#engine.known(gone);
      const news = gone.filter((_, at) => known[at] !== true);
      const absent: CapturedVersion[] = [];
      for await (const version of orderedPipeline(news, LOOKS_AT_ONCE, this.#unlessThere, this.#signal)) {
        if (version !== undefined) absent.push(version);
      }
      if (absent.length > 0) yield absent;
    }
  }

  readonly #unlessThere = async (
    version: CapturedVersion,
    signal: AbortSignal,
  ): Promise<CapturedVersion | undefined> =>
    (await this.#isThere(version.key, signal)) ? undefined : version;
}

async function* flat(batches: AsyncIterable<readonly ItemKey[]>): AsyncGenerator<ItemKey> {
  for await (const batch of batches) yield* batch;
}
