/**
 * Training and upgrading acoustic models, alone or together with a language model.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Exchange } from "../../watson/exchange.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { flag } from "../custom/queries.ts";
import {
  NOTHING_NEW,
  NOTHING_TO_TRAIN,
  leftOut,
  refused,
  startTraining,
  startUpgrade,
} from "../custom/training.ts";
import { exceedsHours, validSeconds } from "./audio-resources.ts";

const OK = 200;
const PATH = "/v1/acoustic_customizations/{id}";
/** Least audio of a training. */
const MIN_MINUTES = 10;
const SECONDS_PER_MINUTE = 60;

export function acousticTraining(models: CustomModels): Route[] {
  return [
    route("POST", `${PATH}/train`, (exchange, { id }) => {
      const strict = flag(exchange, "strict", true);
      const model = models.openFree(exchange.instance, "acoustic", id);
      checkLanguageModel(models, exchange, model, (language) => {
        if (language.versions.at(-1)?.split(".").at(-1) === model.versions.at(-1)?.split(".").at(-1)) return;
        throw badRequest("The custom models are based on different versions of the base model");
      });
      const invalid = models.resources.list(model.id, "audio").filter(({ valid }) => !valid);
      const names = invalid.map(({ name }) => name);
      const warnings = leftOut(
        models,
        model,
        [{ code: "invalid_audio_files", resourceType: "audio files", names }],
        strict,
      );
      checkAmount(models, model);
      if (!model.modified) throw refused(models, model, NOTHING_NEW);
      startTraining(models, model, exchange.query);
      exchange.json(OK, warnings.length === 0 ? {} : { warnings });
    }),
    route("POST", `${PATH}/upgrade_model`, (exchange, { id }) => {
      const force = flag(exchange, "force", false);
      const model = models.openFree(exchange.instance, "acoustic", id);
      const together = checkLanguageModel(models, exchange, model, () => undefined);
      if (together && !model.modified && !force) throw badRequest(NOTHING_NEW);
      startUpgrade(models, model);
      exchange.json(OK, {});
    }),
  ];
}

/** Throws 400 for too little and for too much audio. */
function checkAmount(models: CustomModels, model: CustomModel): void {
  const seconds = validSeconds(models, model);
  const { acousticMaxHours, acousticScale } = models.state.modes;
  if (seconds === 0) throw refused(models, model, NOTHING_TO_TRAIN);
  if (seconds * acousticScale < MIN_MINUTES * SECONDS_PER_MINUTE) {
    throw refused(models, model, `The custom model needs at least ${MIN_MINUTES} minutes of audio`);
  }
  if (exceedsHours(models, seconds)) {
    throw refused(models, model, `The custom model has more than ${acousticMaxHours} hours of audio`);
  }
}

/**
 * Whether a language model was named. Throws 400 or 401 for one that is not this instance's, 400 for one on another base or that is not
 * trained, and what `check` throws.
 */
function checkLanguageModel(
  models: CustomModels,
  exchange: Exchange,
  model: CustomModel,
  check: (language: CustomModel) => void,
): boolean {
  const id = exchange.query.get("custom_language_model_id");
  if (id === null) return false;
  const language = models.open(exchange.instance, "language", id);
  if (language.base !== model.base) {
    throw badRequest(`The custom language model '${id}' is based on '${language.base}'`);
  }
  if (language.status !== "available") {
    throw badRequest(
      "Requested custom language model is not available. Please make sure the custom model is trained.",
    );
  }
  check(language);
  return true;
}
