/**
 * Merging sorted streams of versions: for each key, the version of the newest stream that holds it.
 *
 * Most merges are one long stream (a baseline) and a few short ones (deltas), so the merge runs along the stream with
 * the smallest key for as long as no other stream has one as small, at one comparison for each version.
 */
import { sortableKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";

/** Versions in one batch of a merge's output, at most. */
const BATCH_VERSIONS = 512;
/** A batch ends once its bodies are this large: it keeps alive what its versions were read from. */
const BATCH_BODY_BYTES = 4 << 20;

/** A stream of batches, each ascending by key; no key twice. */
export type SortedVersions = AsyncIterable<readonly Version[]>;

/** `sources`: oldest first. Yields batches ascending by key, one version a key. Closing the result closes all sources. */
export async function* mergeNewest(sources: readonly SortedVersions[]): AsyncGenerator<readonly Version[]> {
  if (sources.length === 1) {
    yield* sources[0] as SortedVersions;
    return;
  }
  const heads = sources.map((source) => new Head(source));
  try {
    await Promise.all(heads.map(async (head) => head.load()));
    let out: Version[] = [];
    let bytes = 0;
    for (;;) {
      const first = smallest(heads);
      if (first === undefined) break;
      let bound: string | undefined;
      for (const other of heads) {
        if (other === first || other.done) continue;
        // An older version of the same item is stepped over.
        if (other.key === first.key && !other.step()) await other.load();
        if (!other.done && (bound === undefined || other.key < bound)) bound = other.key;
      }
      for (;;) {
        out.push(first.version);
        for (const part of first.version.parts) bytes += part.length;
        if (out.length === BATCH_VERSIONS || bytes >= BATCH_BODY_BYTES) {
          yield out;
          out = [];
          bytes = 0;
        }
        if (!first.step()) await first.load();
        if (first.done || (bound !== undefined && first.key >= bound)) break;
      }
    }
    if (out.length > 0) yield out;
  } finally {
    await Promise.all(heads.map(async (head) => head.close()));
  }
}

/** The head with the smallest key; of several, the newest. Heads are ordered oldest first. */
function smallest(heads: readonly Head[]): Head | undefined {
  let best: Head | undefined;
  for (const head of heads) {
    if (!head.done && (best === undefined || head.key <= best.key)) best = head;
  }
  return best;
}

/** A stream's position: stands on a version until it is done. */
class Head {
  done = false;
  key = "";
  readonly #iterator: AsyncIterator<readonly Version[]>;
  #batch: readonly Version[] = [];
  #index = 0;

  constructor(source: SortedVersions) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  get version(): Version {
    return this.#batch[this.#index] as Version;
  }

  /** Moves on inside the batch; false when the batch is used up and `load` must follow. */
  step(): boolean {
    this.#index += 1;
    const version = this.#batch[this.#index];
    if (version === undefined) return false;
    this.key = sortableKey(version.key);
    return true;
  }

  async load(): Promise<void> {
    for (;;) {
      const next = await this.#iterator.next();
      if (next.done === true) {
        this.done = true;
        return;
      }
      if (next.value.length > 0) {
        this.#batch = next.value;
        this.#index = -1;
        this.step();
        return;
      }
    }
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
