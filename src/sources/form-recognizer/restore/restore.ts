/**
 * Putting models, classifiers and, when that is asked for, training data back: in place or into another resource.
 *
 * A model cannot be uploaded. What the target lacks is copied back from a standby, composed of its parts, or trained again from kept data; what
 * cannot be had is told one by one with what would help. What is there and the same training is never touched, so a second restore writes
 * nothing. Previews go the same way and leave the writing out.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { keyText } from "../../../model/key.ts";
import { inParallel } from "../../parallel.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { requireCollection } from "../capture/capture.ts";
import { openContainer } from "../data/container.ts";
import { modelKey, parseKey, type ModelRef } from "../keys.ts";
import type { FormResource } from "../resource.ts";
import { copiesBack } from "./copy-back.ts";
import { keptModel } from "./kept-model.ts";
import { Lender } from "./lender.ts";
import { restoreNewer, settleNewer } from "./newer.ts";
import { Notes } from "./notes.ts";
import { Order, type Ordered } from "./order.ts";
import { PresentModels, refText } from "./present-models.ts";
import { restoreData } from "./restore-data.ts";
import { restoreModel } from "./restore-model.ts";
import { failed, same, type FormRestore, type OpenContainer } from "./run.ts";
import { restoreSettings } from "./settings.ts";
import { TrainingUploads } from "./training-uploads.ts";

/**
 * Throws `usage`, `target-not-empty` before anything is written, and what the service or the timeline throws at any time; what is wrong with one
 * item is its outcome.
 */
export async function* restoreResource(
  resource: FormResource,
  request: RestoreRequest,
  given: SourceContext,
  open: OpenContainer = openContainer,
): AsyncGenerator<RestoreOutcome> {
  requireCollection(request.target);
  if (request.mode === "exact") {
    throw new HoldfastError(
      "usage",
      "Form Recognizer keeps no history that an exact restore could rewrite: leave the mode out.",
    );
  }
  const settings = restoreSettings(request.settings);
  const lender = request.lender && new Lender(request.lender);
  const notes = new Notes(request.ids);
  const end = new AbortController();
  const context = { ...given, signal: AbortSignal.any([given.signal, end.signal]) };
  const present = await PresentModels.read(resource.service, notes, context.signal);
  await using uploads = new TrainingUploads(open);
  const stop = (): void => {
    end.abort();
  };
  const inTurn = oneAfterTheOther();
  const parts = { resource, request, settings, context, present, notes, uploads, lender, open, stop, inTurn };
  const run: FormRestore = { ...parts, copies: copiesBack(parts) };
  requireEmpty(run);
  yield* restoreAll(run);
}

async function* restoreAll(run: FormRestore): AsyncGenerator<RestoreOutcome> {
  const { request, settings } = run;
  const chosen: ModelRef[] = [];
  const withData = !request.whole || settings.data;
  let leftAlone = false;
  for await (const versions of request.reader.versions()) {
    for (const { key, kind } of versions) {
      const parsed = parseKey(key);
      if (parsed?.what === "model") chosen.push({ kind: parsed.kind, id: parsed.id });
      else if (parsed?.what !== "data") yield same(key);
      else if (!withData) {
        leftAlone ||= kind === "live";
        yield same(key);
      }
    }
  }
  if (leftAlone) run.context.warn?.(DATA_LEFT_ALONE);
  yield* restoreModels(run, chosen);
  if (withData) yield* restoreData(run);
}

const DATA_LEFT_ALONE =
  "The files of data sets were not compared with their containers and are left alone; --setting data=true, or choosing them with --prefix data/, " +
  "puts them back.";

/** Models put back at once: each waits most of the time, and the service takes so many copies of one resource side by side. */
const MODELS_AT_ONCE = 4;

async function* restoreModels(run: FormRestore, chosen: readonly ModelRef[]): AsyncGenerator<RestoreOutcome> {
  const { request, context } = run;
  const ended = new Map<string, PromiseWithResolvers<void>>();
  let done = 0;

  async function* models(): AsyncGenerator<Ordered> {
    for await (const model of new Order(run, chosen).models()) {
      ended.set(refText(model.ref), Promise.withResolvers());
      yield model;
    }
  }
  async function* restored({ ref, parts }: Ordered): AsyncGenerator<RestoreOutcome> {
    try {
      for (const part of parts) await ended.get(refText(part))?.promise;
      context.signal.throwIfAborted();
      yield* restoreOne(run, ref);
    } finally {
      ended.get(refText(ref))?.resolve();
    }
    context.progress?.({ phase: request.apply ? "restore" : "preview", done: ++done, bytes: 0 });
  }
  yield* inParallel({
    elements: models(),
    work: restored,
    atOnce: MODELS_AT_ONCE,
    stop: run.stop,
  });
  // The instant is whole: what was not among the chosen was not there.
  if (request.whole && request.mode === "content") yield* restoreNewer(run, chosen);
}

async function* restoreOne(run: FormRestore, ref: ModelRef): AsyncGenerator<RestoreOutcome> {
  const key = modelKey(ref);
  const [version] = await run.request.reader.find([key]);
  const kept = keptModel(ref, version);
  if (kept !== undefined) {
    yield await restoreModel(run, kept);
    return;
  }
  if (version === undefined) {
    yield failed(key, "it is a part of a chosen model, and nothing is kept of it at this instant");
    return;
  }
  // Gone at the instant: what is there all the same is newer. What a restore has made is taken back when it was chosen: so an undo asks for it.
  const [standing] = run.present.candidates(ref);
  const takesBack = standing !== undefined && !run.request.whole && run.notes.isGiven(standing);
  yield standing === undefined ? same(key) : { ...(await settleNewer(run, standing, takesBack)), key };
}

function oneAfterTheOther(): FormRestore["inTurn"] {
  let turn: Promise<unknown> = Promise.resolve();
  return async (work) => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return await done;
  };
}

/** Models that this timeline has not brought there are somebody's: they are not mixed with a whole copy unasked. */
function requireEmpty({ request, present, notes, resource }: FormRestore): void {
  if (request.mode !== "replica" || !request.whole || request.merge) return;
  const foreign = [...present.all()].filter((model) => !notes.isOurs(model));
  const [first] = foreign;
  if (first === undefined) return;
  throw new HoldfastError(
    "target-not-empty",
    `${resource.service.endpoint} already has ${foreign.length} models and classifiers that no restore of this timeline has made, ` +
      `${keyText(modelKey(first))} among them.`,
  );
}
