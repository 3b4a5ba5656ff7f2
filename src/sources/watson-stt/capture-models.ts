/**
 * Reading the custom models of an instance: one listing tells which changed, and only those are read. A model that the service is
 * working on is left as it was kept, because its figures are not facts yet; it is read again by the next run.
 */
import { isHoldfastError } from "../../model/errors.ts";
import { keyOf, keyText, type ItemKey } from "../../model/key.ts";
import type { CapturedVersion } from "../../model/version.ts";
import type { CaptureEngine, CaptureEvent, CaptureRequest, SourceContext } from "../source.ts";
import type { WatsonConfig } from "../watson/config.ts";
import { modelKey, type Named } from "../watson/keys.ts";
import { amongKeys, goneVersion, missingUnder, newsOf } from "../news.ts";
import { Listing } from "../watson/listing.ts";
import type { CustomModel } from "./custom-model.ts";
import { MOVING } from "./model-status.ts";
import type { ModelCalls } from "./model-calls.ts";

/** Models read between two checkpoints: little is read again after a cut, and a checkpoint is not much to write. */
const MODELS_PER_CHECKPOINT = 20;

/** How the models of one kind are read. */
export interface ModelReading {
  readonly calls: ModelCalls;
  /** The model's own item and those below it; undefined while the service works on one of them. */
  readonly items: (model: CustomModel) => Promise<CapturedVersion[] | undefined>;
  /** What hangs below a model, for people. */
  readonly below: string;
}

export async function* captureModels(
  { calls, items, below }: ModelReading,
  { fullReadEveryMs }: Pick<WatsonConfig, "fullReadEveryMs">,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  const { engine } = request;
  const { clock } = context;
  const { noun } = calls.kind;
  const listing = await Listing.recall(request, clock, fullReadEveryMs);
  const completeAsOf = clock.now();
  const models = await calls.models();
  yield { kind: "start", run: listing.run, identity: "" };

  let blind = false;
  let read = 0;
  for (const [done, model] of models.entries()) {
    context.signal.throwIfAborted();
    context.progress?.({ phase: `${noun}s`, done, total: models.length, bytes: 0 });
    const readAt = clock.now();
    if (model.updated !== "" && listing.isFresh(model.id, stampOf(model), readAt)) continue;
    const present = MOVING.includes(model.status) ? undefined : await quietItems(calls, items, model);
    if (present === undefined) {
      context.warn?.(
        `The service is working on ${noun} "${model.name}" (${model.status}): it is kept as it was, and read again by the next run.`,
        keyText(modelKey(model)),
      );
      continue;
    }
    yield* handOver(engine, present);
    const missing = missingUnder(
      engine,
      keyOf(`${keyText(modelKey(model))}/`),
      isPresentOrForeign(model, present),
    );
    if (missing === undefined) blind = true;
    else yield* handOver(engine, missing);
    listing.remember(model, stampOf(model), readAt);
    if (++read % MODELS_PER_CHECKPOINT === 0) yield { kind: "checkpoint", cursor: listing.checkpoint() };
  }

  for (const gone of listing.gone(new Set(models.map(({ id }) => id)))) {
    const all = everythingOf(engine, gone);
    if (all === undefined) blind = true;
    yield* handOver(engine, all ?? [goneVersion(modelKey(gone))]);
    listing.forget(gone.id);
  }
  // Before the first run nothing is kept that could be gone.
  if (blind && request.cursor !== undefined) {
    context.warn?.(
      `This key may not read what was kept: ${below} that were deleted are not seen to be gone.`,
    );
  }
  yield { kind: "end", cursor: listing.end(), completeAsOf, through: clock.now() };
}

/** Everything of a model; undefined when it moved while it was read. Errors: as the calls. */
async function quietItems(
  calls: ModelCalls,
  items: ModelReading["items"],
  model: CustomModel,
): Promise<CapturedVersion[] | undefined> {
  try {
    const present = await items(model);
    if (present === undefined) return undefined;
    const after = await calls.model(model.id);
    return stampOf(after) === stampOf(model) ? present : undefined;
  } catch (error) {
    // Deleted since it was listed: the next listing will say so.
    if (isHoldfastError(error, "source-not-found")) return undefined;
    throw error;
  }
}

function isPresentOrForeign(model: Named, present: readonly CapturedVersion[]): (key: ItemKey) => boolean {
  const isPresent = amongKeys(present);
  const prefix = keyOf(`${keyText(modelKey(model))}/`);
  return (key) => isPresent(key) || !startsWith(key, prefix);
}

/** The model, what hangs below it, and what was captured of its uploads: nobody can use that any more. */
function everythingOf(engine: CaptureEngine, gone: Named): AsyncIterable<CapturedVersion> | undefined {
  const model = modelKey(gone);
  const below = keyOf(`${keyText(model)}/`);
  const captures = keyOf(`captures/${gone.id}/`);
  const items = missingUnder(engine, model, (key) => !key.equals(model) && !startsWith(key, below));
  const originals = missingUnder(engine, captures, (key) => !startsWith(key, captures));
  return items && originals && joined(items, originals);
}

async function* joined<T>(first: AsyncIterable<T>, second: AsyncIterable<T>): AsyncGenerator<T> {
  yield* first;
  yield* second;
}

function startsWith(key: ItemKey, prefix: ItemKey): boolean {
  return key.subarray(0, prefix.length).equals(prefix);
}

/** What of the listing tells that something changed. */
function stampOf({ updated, status, versions }: CustomModel): string {
  return `${updated} ${status} ${versions.length}`;
}

async function* handOver(
  engine: CaptureEngine,
  versions: Iterable<CapturedVersion> | AsyncIterable<CapturedVersion>,
): AsyncGenerator<CaptureEvent> {
  for await (const news of newsOf(engine, versions)) yield { kind: "versions", versions: news, sequence: "" };
}
