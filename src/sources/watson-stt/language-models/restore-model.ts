/**
 * Putting one language model back: made where the target has none, then its files, words and training. One writer for a model; the
 * service allows no second.
 */
import { keyOf, keyText, type ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { modelKey } from "../../watson/keys.ts";
import type { LanguageModelCalls } from "./calls.ts";
import { CONTENT_GROUP, contentName } from "../content-notes.ts";
import type { KeptModel } from "./kept-model.ts";
import { MODEL_GROUP, type ModelCreation, type ModelMaker } from "../make-model.ts";
import {
  lostByReset,
  planModel,
  resurrected,
  statesOf,
  type Plan,
  type PlanInput,
  type Step,
} from "./plan.ts";
import { NO_CONTENTS, readContents, type PresentModel } from "./present-model.ts";
import { refusal } from "../refusal.ts";
import type { RestoreSettings } from "../settings.ts";
import { settleBase, type Base, type OfferedBases } from "./settle-base.ts";
import { trainModel } from "./train-model.ts";
import { writeFile, type FileStep } from "./write-files.ts";
import { modelItem, type CustomModel } from "../custom-model.ts";
import { MOVING } from "../model-status.ts";
import { writeWords, type WordStep } from "./write-words.ts";

export interface ModelRestore {
  readonly calls: LanguageModelCalls;
  readonly maker: ModelMaker;
  readonly request: RestoreRequest;
  readonly settings: RestoreSettings;
  readonly context: SourceContext;
  /** The target's base models. */
  readonly offered: OfferedBases;
}

/** `present`: what the target has for it. Errors: what concerns more than this model. */
export async function* restoreModel(
  restore: ModelRestore,
  kept: KeptModel,
  present: CustomModel | undefined,
): AsyncGenerator<RestoreOutcome> {
  const { request, settings } = restore;
  const target = present === undefined ? await make(restore, kept) : undefined;
  if (target !== undefined && "failed" in target) {
    yield* failAll(kept, target.failed);
    return;
  }
  const there: PresentModel = target ?? (await readPresent(restore, present as CustomModel));
  const made = target !== undefined;
  const id = there.model.id;
  const input: PlanInput = {
    kept,
    present: there,
    made,
    settings,
    newerItems: request.newerItems,
    whole: request.whole,
    written: (kind, name) => request.ids?.get(CONTENT_GROUP, contentName(id, kind, name)),
  };
  const plan = planModel(input);
  const lost = plan.reset ? lostByReset(input) : [];
  if (lost.length > 0) {
    yield* failAll(kept, `emptying the model would take away what cannot be put back: ${lost.join(", ")}`);
    return;
  }
  yield* plan.settled;
  if (!request.apply) {
    yield* plan.steps.map(({ key, action }) => ({ key, action }));
    yield* ownOutcome(kept, plan, made, id, "");
    yield* derivedOutcomes(kept, there, undefined);
    return;
  }
  yield* apply(restore, { kept, there, made, plan, id });
}

interface Applying {
  readonly kept: KeptModel;
  readonly there: PresentModel;
  readonly made: boolean;
  readonly plan: Plan;
  readonly id: string;
}

async function* apply(restore: ModelRestore, applying: Applying): AsyncGenerator<RestoreOutcome> {
  const { calls, request, context } = restore;
  const { kept, there, made, plan, id } = applying;
  const unstable = await unstableKeys(request, applying);
  if (plan.reset && unstable.size > 0) {
    yield* plan.steps.map(({ key }) => notKept(key));
    if (kept.chosen) yield notKept(kept.key);
    return;
  }
  if (plan.reset) await calls.reset(id);
  const steps = plan.steps.filter(({ key }) => !unstable.has(keyText(key)));
  for (const key of unstable) yield notKept(keyOf(key));

  for (const step of steps) {
    if (step.kind === "delete-file" || step.kind === "delete-word") {
      if (!plan.reset) yield await remove(calls, id, step);
      else yield { key: step.key, action: step.action };
    }
  }
  const comparable = kept.model?.baseModel === there.model.baseModel;
  for (const step of steps.filter((one): one is FileStep => one.kind === "file")) {
    context.progress?.({ phase: `language model "${there.model.name}"`, done: 0, bytes: 0 });
    yield await writeFile(step, {
      calls,
      id,
      comparable,
      reader: request.reader,
      context,
      wrote: async ({ kind, resource }, { note }) => {
        if (note.sha256 === undefined) return;
        await request.ids?.set(CONTENT_GROUP, contentName(id, kind, resource.name), note.sha256);
      },
    });
  }
  yield* writeWords(
    calls,
    id,
    steps.filter((one): one is WordStep => one.kind === "word"),
  );
  const after = steps.length > 0 ? await refreshed(restore, applying) : there;
  const failure = await trainModel(restore, kept, after.model, plan.training);
  yield* derivedOutcomes(kept, there, after);
  yield* ownOutcome(kept, plan, made, id, failure);
}

/** As it is after writing; words that somebody had deleted, and that a corpus has brought back, are deleted again. */
async function refreshed(
  { calls, request, context }: ModelRestore,
  applying: Applying,
): Promise<PresentModel> {
  const { kept, there, id } = applying;
  const present = { model: await calls.model(id), ...(await readContents(calls, there.model)) };
  if (!request.whole && kept.derived.size === 0) return present;
  const words = new Map(present.words);
  for (const word of resurrected(kept, present)) {
    // It was there before this restore: it is newer than the instant, and stays unless that is to go.
    if (request.newerItems === "keep" && there.words.has(word)) continue;
    try {
      await calls.deleteWord(id, word);
      words.delete(word);
    } catch (error) {
      context.warn?.(`The word "${word}", which a corpus has brought back, stays: ${refusal(error)}`);
    }
  }
  return { ...present, model: await calls.model(id), words };
}

async function readPresent({ calls, request }: ModelRestore, model: CustomModel): Promise<PresentModel> {
  const quiet =
    request.apply && MOVING.includes(model.status)
      ? await calls.whileStatus(model.id, `language model "${model.name}" (${model.status})`, MOVING)
      : model;
  return { model: quiet, ...(await readContents(calls, quiet)) };
}

/** The model, made; in a preview as it would be. */
async function make(
  { maker, request, settings, offered, context }: ModelRestore,
  kept: KeptModel,
): Promise<PresentModel | { readonly failed: string }> {
  const { model } = kept;
  if (model === undefined) {
    return {
      failed: "not recoverable: nothing is kept of the model itself, and the target does not have it",
    };
  }
  const base: Base = settleBase(model.baseModel, settings, await offered());
  if ("refused" in base) return { failed: base.refused };
  if (model.status === "failed") {
    context.warn?.(
      `"${model.name}" had failed at the instant (${model.error}): its data are restored and it is not trained.`,
      keyText(kept.key),
    );
  }
  if (base.migration !== "") context.warn?.(`"${model.name}": ${base.migration}`, keyText(kept.key));
  if (request.apply) {
    try {
      const id = await maker.make(kept.named.id, creationOf(kept, model, base.name));
      return { ...NO_CONTENTS, model: { ...model, id, baseModel: base.name, status: "pending" } };
    } catch (error) {
      return { failed: refusal(error) };
    }
  }
  return { ...NO_CONTENTS, model: { ...model, id: "", baseModel: base.name, status: "pending" } };
}

/** In the owner's own words where these were captured: the listing shows a dialect also where none was given. */
function creationOf({ creation }: KeptModel, model: CustomModel, base: string): ModelCreation {
  const captured = creation as Partial<Record<string, unknown>> | undefined;
  const dialect = captured === undefined ? model.dialect : captured["dialect"];
  // Of a successor the dialect may be another one, and its locale says it.
  const given = typeof dialect === "string" && dialect !== "" && base === model.baseModel;
  return {
    name: model.name,
    base_model_name: base,
    ...(given ? { dialect } : {}),
    ...(model.description === "" ? {} : { description: model.description }),
  };
}

/** The items that would be overwritten and whose present state has not been kept. */
async function unstableKeys(request: RestoreRequest, { plan, kept, there }: Applying): Promise<Set<string>> {
  const guarded = plan.steps.filter((step) => step.present !== undefined);
  if (request.kept === undefined || (guarded.length === 0 && !plan.reset)) return new Set();
  const own = modelItem(there.model);
  const states = [
    ...guarded.map((step) => ({ key: presentKey(step.key, kept, there), state: step.present as Buffer })),
    ...(plan.reset ? [{ key: own.key, state: own.state }] : []),
    // A reset takes everything: what no step overwrites has to be kept as well.
    ...(plan.reset ? [...statesOf(there)].map(([key, state]) => ({ key: keyOf(key), state })) : []),
  ];
  const isKept = await request.kept(states);
  const keys = [...guarded.map(({ key }) => keyText(key)), keyText(kept.key)];
  return new Set(isKept.flatMap((ok, at) => (ok ? [] : [keys[at] ?? keyText(kept.key)])));
}

/** The key under which the target instance's own timeline has the item. */
function presentKey(key: ItemKey, kept: KeptModel, there: PresentModel): ItemKey {
  return Buffer.concat([modelKey(there.model), key.subarray(kept.key.length)]);
}

async function remove(
  calls: LanguageModelCalls,
  id: string,
  step: Step & { readonly kind: "delete-file" | "delete-word" },
): Promise<RestoreOutcome> {
  const { key, action } = step;
  try {
    if (step.kind === "delete-file") await calls.deleteFile(id, step.files, step.name);
    else await calls.deleteWord(id, step.name);
    return { key, action };
  } catch (error) {
    const reason = refusal(error);
    // Repeated after a broken connection a deletion is refused, because it was done.
    return (await isGone(calls, id, step)) ? { key, action } : { key, action: "failed", reason };
  }
}

async function isGone(
  calls: LanguageModelCalls,
  id: string,
  step: Step & { readonly kind: "delete-file" | "delete-word" },
): Promise<boolean> {
  if (step.kind === "delete-word") return !(await calls.words(id)).some(({ word }) => word === step.name);
  return !(await calls.files(id, step.files)).some(({ name }) => name === step.name);
}

function* ownOutcome(
  kept: KeptModel,
  plan: Plan,
  made: boolean,
  id: string,
  failure: string,
): Generator<RestoreOutcome> {
  const mapped = id === "" ? {} : { mapped: { group: MODEL_GROUP, kept: kept.named.id, target: id } };
  const { key } = kept;
  if (failure !== "") yield { key, action: "failed", reason: failure, ...mapped };
  else if (made) yield { key, action: "create", ...mapped };
  else if (kept.chosen) yield { key, action: plan.action, ...mapped };
}

/** Derived words are never written: they come with their files. `after`: undefined in a preview. */
function* derivedOutcomes(
  kept: KeptModel,
  before: PresentModel,
  after: PresentModel | undefined,
): Generator<RestoreOutcome> {
  const migrated = kept.model?.baseModel !== before.model.baseModel;
  for (const [word, key] of kept.derived) {
    if (before.words.has(word)) yield { key, action: "same" };
    else if (migrated) {
      yield {
        key,
        action: "failed",
        reason: `not recoverable: ${before.model.baseModel} lists no derived words`,
      };
    } else if (after === undefined || after.words.has(word)) yield { key, action: "create" };
    else {
      yield {
        key,
        action: "failed",
        reason: "the restored corpora and grammars did not yield this word again",
      };
    }
  }
}

function* failAll(kept: KeptModel, reason: string): Generator<RestoreOutcome> {
  const keys = [...kept.files, ...kept.words].map(({ key }) => key).concat([...kept.derived.values()]);
  if (kept.chosen) keys.unshift(kept.key);
  for (const key of keys) yield { key, action: "failed", reason };
  // What was deleted at the instant is as it should be.
  for (const key of kept.deleted) yield { key, action: "same" };
}

function notKept(key: ItemKey): RestoreOutcome {
  return { key, action: "unstable", reason: "it has changed since its present state was kept" };
}
