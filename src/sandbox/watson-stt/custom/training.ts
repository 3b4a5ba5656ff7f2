/**
 * What trainings of both kinds of models share: the resources that cannot be used, the refusal that leaves a model `failed`, the options
 * that are kept and never shown.
 */
import type { WatsonError } from "../../watson/errors.ts";
import { badRequest } from "../../watson/errors.ts";
import type { CustomModels } from "./custom-models.ts";
import type { CustomModel } from "./model.ts";

/** Resources of one type that a training has to leave out. */
export interface Unusable {
  readonly code: "invalid_audio_files" | "invalid_corpus_files" | "invalid_grammar_files" | "invalid_words";
  readonly resourceType: string;
  readonly names: readonly string[];
}

export interface TrainingWarning {
  readonly code: Unusable["code"];
  readonly message: string;
}

export const NOTHING_TO_TRAIN = "No input data available for training";
export const NOTHING_NEW = "No input data modified since last training";

export function warningOf(model: CustomModel, unusable: Unusable): TrainingWarning {
  const { code, resourceType, names } = unusable;
  return {
    code,
    message: `Analysis of the following ${resourceType} has not completed successfully: [${names.join(", ")}]. They will be excluded from custom ${model.kind} model training.`,
  };
}

/** The service leaves a model whose training it refuses in the status `failed`. */
export function refused(models: CustomModels, model: CustomModel, error: string): WatsonError {
  model.status = "failed";
  model.progress = 0;
  models.touch(model);
  models.store.save(model);
  return badRequest(error);
}

/** Throws 400 when strict and something cannot be used; else what is left out. */
export function leftOut(
  models: CustomModels,
  model: CustomModel,
  unusable: readonly Unusable[],
  strict: boolean,
): TrainingWarning[] {
  const warnings = unusable.filter(({ names }) => names.length > 0).map((entry) => warningOf(model, entry));
  if (strict && warnings.length > 0) {
    throw refused(models, model, warnings.map(({ message }) => message).join(" "));
  }
  return warnings;
}

/** Accepts the training. */
export function startTraining(models: CustomModels, model: CustomModel, query: URLSearchParams): void {
  const failure = models.takeTrainingFailure();
  model.training = { at: models.now, options: Object.fromEntries(query) };
  models.start(model, {
    kind: "training",
    ends: models.now + models.state.delays.train,
    ...(failure === undefined ? {} : { failure }),
  });
}

/** Throws 400 for a model that has nothing to upgrade. */
export function startUpgrade(models: CustomModels, model: CustomModel): void {
  const { status } = model;
  if (status !== "ready" && status !== "available") {
    throw badRequest(`The custom model cannot be upgraded in status '${status}'`);
  }
  if (!models.hasData(model)) throw badRequest(NOTHING_TO_TRAIN);
  models.start(model, {
    kind: "upgrade",
    ends: models.now + models.state.delays.upgrade,
    before: status,
  });
}
