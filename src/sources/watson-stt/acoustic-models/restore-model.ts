/**
 * Putting one acoustic model back: made where the target has none, then its audio, several recordings at a time, and last its training.
 */
import { keyText, type ItemKey } from "../../../model/key.ts";
import type { RestoreOutcome, RestoreRequest, SourceContext } from "../../source.ts";
import { CONTENT_GROUP, contentName } from "../content-notes.ts";
import type { CustomModel } from "../custom-model.ts";
import { MODEL_GROUP, type ModelMaker } from "../make-model.ts";
import type { OfferedModel } from "../model-calls.ts";
import { inParallel } from "../../parallel.ts";
import { refusal } from "../refusal.ts";
import type { RestoreSettings } from "../settings.ts";
import { audioDifference } from "./audio.ts";
import type { AcousticModelCalls } from "./calls.ts";
import type { KeptAcousticModel } from "./kept-model.ts";
import { planAudio, type AudioStep, type PresentAcousticModel } from "./plan.ts";
import { MOVING } from "../model-status.ts";
import { isTrainingDue, trainAcousticModel } from "./training.ts";

/** Recordings sent at once: the service takes different ones side by side. */
const UPLOADS_AT_ONCE = 4;

export interface AcousticRestore {
  readonly calls: AcousticModelCalls;
  readonly maker: ModelMaker;
  readonly request: RestoreRequest;
  readonly settings: RestoreSettings;
  readonly context: SourceContext;
  /** The target's base models. */
  readonly offered: () => Promise<readonly OfferedModel[]>;
}

/** `present`: what the target has for it. Errors: what concerns more than this model. */
export async function* restoreAcousticModel(
  restore: AcousticRestore,
  kept: KeptAcousticModel,
  present: CustomModel | undefined,
): AsyncGenerator<RestoreOutcome> {
  const { request, settings, calls } = restore;
  const target = present === undefined ? await make(restore, kept) : undefined;
  if (target !== undefined && "failed" in target) {
    yield* failAll(kept, target.failed);
    return;
  }
  const there = target ?? (await readPresent(restore, present as CustomModel));
  const { id } = there.model;
  const plan = planAudio({
    kept,
    present: there,
    newerItems: request.newerItems,
    whole: request.whole,
    written: (name) => request.ids?.get(CONTENT_GROUP, contentName(id, "audio", name)),
  });
  yield* plan.settled;
  const made = target !== undefined;
  const due = isTrainingDue(kept, there.model, plan.steps.length > 0, settings.train);
  let failure = "";
  if (request.apply) {
    const unstable = await unstableKeys(request, plan.steps);
    for (const { key } of plan.steps.filter((step) => unstable.has(keyText(step.key)))) {
      yield { key, action: "unstable", reason: "it has changed since its present state was kept" };
    }
    yield* write(
      restore,
      id,
      plan.steps.filter(({ key }) => !unstable.has(keyText(key))),
    );
    const training = { calls, ids: request.ids, context: restore.context, strict: settings.strict };
    if (due) failure = await trainAcousticModel(training, kept, id);
  } else yield* plan.steps.map(({ key, action }) => ({ key, action }));
  yield* ownOutcome(kept, { made, changed: due, id, failure });
}

/** The model, made; in a preview as it would be. */
async function make(
  { maker, request, offered, context }: AcousticRestore,
  kept: KeptAcousticModel,
): Promise<PresentAcousticModel | { readonly failed: string }> {
  const { model } = kept;
  if (model === undefined) {
    return {
      failed: "not recoverable: nothing is kept of the model itself, and the target does not have it",
    };
  }
  const { baseModel, name, description } = model;
  if (!(await offered()).some((one) => one.name === baseModel && one.customisable)) {
    return {
      failed:
        `not recoverable here: the service offers no acoustic models on ${baseModel}. They were discontinued on IBM Cloud on 1 August 2023 and have no ` +
        "successor; a Cloud Pak for Data installation that still has this base model can take it. Its recordings stay in the repository.",
    };
  }
  if (model.status === "failed") {
    context.warn?.(
      `"${name}" had failed at the instant (${model.error}): its audio is restored and it is not trained.`,
      keyText(kept.key),
    );
  }
  const pending = { model: { ...model, id: "", status: "pending" }, audio: new Map<string, never>() };
  if (!request.apply) return pending;
  try {
    const id = await maker.make(kept.named.id, {
      name,
      base_model_name: baseModel,
      ...(description === "" ? {} : { description }),
    });
    return { ...pending, model: { ...pending.model, id } };
  } catch (error) {
    return { failed: refusal(error) };
  }
}

async function readPresent(
  { calls, request }: AcousticRestore,
  model: CustomModel,
): Promise<PresentAcousticModel> {
  const quiet =
    request.apply && MOVING.includes(model.status)
      ? await calls.whileStatus(model.id, `acoustic model "${model.name}" (${model.status})`, MOVING)
      : model;
  const audio = await calls.audio(model.id);
  return { model: quiet, audio: new Map(audio.map((one) => [one.name, one])) };
}

async function* write(
  restore: AcousticRestore,
  id: string,
  steps: readonly AudioStep[],
): AsyncGenerator<RestoreOutcome> {
  for (const step of steps) {
    if (step.kind === "delete") yield await remove(restore, id, step);
  }
  yield* inParallel({
    elements: uploadsAmong(steps),
    work: async function* (step) {
      yield await upload(restore, id, step);
    },
    atOnce: UPLOADS_AT_ONCE,
    // Whoever stops reading ends the restore as a whole.
    stop: () => undefined,
  });
}

type UploadStep = AudioStep & { readonly kind: "upload" };

async function* uploadsAmong(steps: readonly AudioStep[]): AsyncGenerator<UploadStep> {
  for (const step of steps) if (step.kind === "upload") yield step;
}

async function upload(
  { calls, request, context }: AcousticRestore,
  id: string,
  { key, action, kept, original }: UploadStep,
): Promise<RestoreOutcome> {
  const { name } = kept.audio;
  const { note } = original;
  context.progress?.({ phase: `audio "${name}"`, done: 0, bytes: original.content.length });
  try {
    await calls.upload(id, { name, ...original, reader: request.reader });
    const found = await calls.analysed(id, name);
    if (found === undefined) return { key, action: "failed", reason: "it was gone after it had been added" };
    if (found.status !== "ok" && found.status !== kept.audio.status) {
      return { key, action: "failed", reason: `the service cannot use it: it is ${found.status}` };
    }
    if (note.sha256 !== undefined) {
      await request.ids?.set(CONTENT_GROUP, contentName(id, "audio", name), note.sha256);
    }
    const differing = audioDifference(kept.audio, found);
    if (differing !== "") {
      context.warn?.(
        `${differing}: its original (${note.evidence}, ${note.at}) may not be what the service held.`,
        keyText(key),
      );
    }
    return { key, action };
  } catch (error) {
    return { key, action: "failed", reason: refusal(error) };
  }
}

async function remove(
  { calls }: AcousticRestore,
  id: string,
  { key, action, name }: AudioStep & { readonly kind: "delete" },
): Promise<RestoreOutcome> {
  try {
    await calls.deleteAudio(id, name);
    return { key, action };
  } catch (error) {
    const reason = refusal(error);
    // Repeated after a broken connection: it was done.
    const there = (await calls.audio(id)).some((one) => one.name === name);
    return there ? { key, action: "failed", reason } : { key, action };
  }
}

/** Keys of the items that would be overwritten and whose present state has not been kept. */
async function unstableKeys(request: RestoreRequest, steps: readonly AudioStep[]): Promise<Set<string>> {
  const guarded = steps.flatMap(({ key, present }) => (present === undefined ? [] : [{ key, present }]));
  if (request.kept === undefined || guarded.length === 0) return new Set();
  const isKept = await request.kept(guarded.map(({ present }) => present));
  return new Set(guarded.flatMap(({ key }, at) => (isKept[at] === true ? [] : [keyText(key)])));
}

/** What became of the model's own item. */
function* ownOutcome(
  { chosen, key, named }: KeptAcousticModel,
  done: { readonly made: boolean; readonly changed: boolean; readonly id: string; readonly failure: string },
): Generator<RestoreOutcome> {
  const { made, changed, id, failure } = done;
  const mapped = id === "" ? {} : { mapped: { group: MODEL_GROUP, kept: named.id, target: id } };
  if (failure !== "") yield { key, action: "failed", reason: failure, ...mapped };
  else if (made) yield { key, action: "create", ...mapped };
  else if (chosen) yield { key, action: changed ? "change" : "same", ...mapped };
}

function* failAll({ chosen, key, audio }: KeptAcousticModel, reason: string): Generator<RestoreOutcome> {
  const keys: ItemKey[] = [...(chosen ? [key] : []), ...audio.map((one) => one.key)];
  for (const failed of keys) yield { key: failed, action: "failed", reason };
}
