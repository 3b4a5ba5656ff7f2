/**
 * What a capture remembers of an instance between runs, in its cursor: each model's key name, its last change as the listing told it, and
 * when everything of it was last read. So an unchanged instance costs one listing, and a renamed model keeps its key.
 *
 * A cursor without this memory (further writers committed before the first capture) means: read everything, as a delta.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import { keyOf } from "../../model/key.ts";
import type { CaptureRequest, Cursor } from "../source.ts";
import { parseKey, type Named } from "./keys.ts";

/** Everything is read again after this long (ms) though the listing did not move: not every change moves it. */
export const DEFAULT_FULL_READ_EVERY_MS = 86_400_000;

/** One model, as it was when it was last read. */
export interface RememberedModel {
  /** The name in its keys. */
  readonly name: string;
  /** What of the listing tells a change: `updated` or `last_modified`, and the status where there is one. */
  readonly stamp: string;
  /** When everything of it was read, ms UTC. */
  readonly readAt: Millis;
}

interface Memory {
  readonly models: Readonly<Record<string, RememberedModel>>;
  /** When the run began that wrote this checkpoint; absent in a run's last cursor. */
  readonly since?: Millis;
}

export class Listing {
  /** What the run announces; a baseline only when there is no timeline yet. */
  readonly run: "baseline" | "delta";
  readonly #models: Map<string, RememberedModel>;
  readonly #since: Millis;
  readonly #reconcile: boolean;
  readonly #fullReadEveryMs: Millis;

  constructor(
    run: "baseline" | "delta",
    models: Map<string, RememberedModel>,
    since: Millis,
    reconcile: boolean,
    fullReadEveryMs: Millis,
  ) {
    this.run = run;
    this.#models = models;
    this.#since = since;
    this.#reconcile = reconcile;
    this.#fullReadEveryMs = fullReadEveryMs;
  }

  static async recall(
    request: Pick<CaptureRequest, "cursor" | "resume" | "engine" | "reconcile">,
    clock: Clock,
    fullReadEveryMs: Millis = DEFAULT_FULL_READ_EVERY_MS,
  ): Promise<Listing> {
    const memory = memoryOf(request.resume) ?? memoryOf(request.cursor);
    const models = new Map(Object.entries(memory?.models ?? {}));
    // The keys in the timeline are the second memory: without it a renamed model would come to have two keys.
    if (memory === undefined)
      for await (const [id, name] of namesInKeys(request)) models.set(id, unread(name));
    return new Listing(
      request.cursor === undefined ? "baseline" : "delta",
      models,
      memory?.since ?? clock.now(),
      request.reconcile,
      fullReadEveryMs,
    );
  }

  /** The model as its keys name it: by the name under which it was first seen. */
  named(id: string, presentName: string): Named {
    return { id, name: this.#models.get(id)?.name ?? presentName };
  }

  /** Whether what was kept of the model is still all there is, as far as the listing tells. */
  isFresh(id: string, stamp: string, now: Millis): boolean {
    const known = this.#models.get(id);
    if (known === undefined || known.stamp !== stamp) return false;
    if (known.readAt >= this.#since) return true;
    // Without a stamp the listing tells nothing.
    return stamp !== "" && !this.#reconcile && now - known.readAt < this.#fullReadEveryMs;
  }

  /** Everything of the model has been read and handed over. */
  remember(model: Named, stamp: string, readAt: Millis): void {
    this.#models.set(model.id, { name: model.name, stamp, readAt });
  }

  /** The models that were there before and are not among these. */
  gone(present: ReadonlySet<string>): Named[] {
    return [...this.#models].flatMap(([id, { name }]) => (present.has(id) ? [] : [{ id, name }]));
  }

  forget(id: string): void {
    this.#models.delete(id);
  }

  /** For a checkpoint: what was read since the run began is not read again when it is continued. */
  checkpoint(): Cursor {
    return { listing: { models: Object.fromEntries(this.#models), since: this.#since } satisfies Memory };
  }

  /** For the run's end. */
  end(): Cursor {
    return { listing: { models: Object.fromEntries(this.#models) } satisfies Memory };
  }
}

/** Never read: whatever the listing tells is news. */
function unread(name: string): RememberedModel {
  return { name, stamp: "", readAt: 0 };
}

function memoryOf(cursor: Cursor | undefined): Memory | undefined {
  const memory = cursor?.["listing"];
  return typeof memory === "object" && memory !== null && "models" in memory ? (memory as Memory) : undefined;
}

async function* namesInKeys(
  request: Pick<CaptureRequest, "cursor" | "engine">,
): AsyncGenerator<readonly [id: string, name: string]> {
  if (request.cursor === undefined) return;
  for await (const keys of request.engine.keptKeys(keyOf("models/")) ?? []) {
    for (const key of keys) {
      const parsed = parseKey(key);
      if (parsed?.kind === "model") yield [parsed.id, parsed.name];
    }
  }
}
