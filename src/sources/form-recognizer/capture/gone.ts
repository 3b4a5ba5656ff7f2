/**
 * What is kept and no longer in the resource. Only asked after every list was read to its end: what a broken list does not show is not gone.
 */
import { keyOf, type ItemKey } from "../../../model/key.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import { goneVersion } from "../../news.ts";
import type { CaptureEngine, SourceContext } from "../../source.ts";
import type { ApiVersion } from "../config.ts";
import { modelKey, parseKey, trainingKey, type ModelRef } from "../keys.ts";
import { nameOf, type Memory } from "./memory.ts";

/** What is kept and was not listed. */
export interface Unlisted {
  readonly engine: CaptureEngine;
  readonly memory: Memory;
  /** Compare the kept keys too, not only the memory. */
  readonly everything: boolean;
  /** `kind/id`. */
  readonly present: ReadonlySet<string>;
  /** The version of the API that listed. */
  readonly called: ApiVersion;
}

/** Models and classifiers that are gone: by the memory, and by the kept keys where there is none or everything is to be compared. */
export async function* goneModels(
  { engine, memory, everything, present, called }: Unlisted,
  context: SourceContext,
): AsyncGenerator<ModelRef> {
  const { gone, hidden } = memory.missing(present, called);
  if (hidden.length > 0) {
    context.warn?.(
      `${hidden.length} models and classifiers are kept that API version ${called} does not show, because they were made with another one, ` +
        `${nameOf(hidden[0] as ModelRef)} among them. They stay as they are kept; what becomes of them is not seen.`,
    );
  }
  yield* gone;
  if (memory.recalled && !everything) return;
  const settled = new Set([...gone, ...hidden].map(nameOf));
  for (const prefix of ["models/", "classifiers/"]) {
    for await (const keys of engine.keptKeys(keyOf(prefix)) ?? []) {
      for (const key of keys) {
        const parsed = parseKey(key);
        if (parsed?.what !== "model" || present.has(nameOf(parsed)) || settled.has(nameOf(parsed))) continue;
        yield { kind: parsed.kind, id: parsed.id };
      }
    }
  }
}

/**
 * The deletions of everything that is kept of one model. With a key that may not read, the files of its training data cannot be told: they stay
 * as they were, below a model that is gone.
 */
export async function* deletionsOf(engine: CaptureEngine, ref: ModelRef): AsyncGenerator<CapturedVersion> {
  yield goneVersion(modelKey(ref));
  const note = trainingKey(ref);
  for await (const keys of engine.keptKeys(note) ?? []) {
    for (const key of keys) if (isOf(ref, key)) yield goneVersion(key);
  }
}

/** Not those of a model whose id begins alike. */
function isOf(ref: ModelRef, key: ItemKey): boolean {
  const parsed = parseKey(key);
  return (parsed?.what === "training" || parsed?.what === "training-file") && parsed.id === ref.id;
}
