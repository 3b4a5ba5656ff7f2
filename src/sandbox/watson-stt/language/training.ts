/**
 * Training and upgrading language models.
 */
import { badRequest } from "../../watson/errors.ts";
import type { Route } from "../../watson/routes.ts";
import { route } from "../../watson/routes.ts";
import { knownBaseModel } from "../base-models.ts";
import type { CustomModels } from "../custom/custom-models.ts";
import type { CustomModel } from "../custom/model.ts";
import { choice, flag, invalid } from "../custom/queries.ts";
import type { Unusable } from "../custom/training.ts";
import {
  NOTHING_NEW,
  NOTHING_TO_TRAIN,
  leftOut,
  refused,
  startTraining,
  startUpgrade,
} from "../custom/training.ts";

const OK = 200;
const PATH = "/v1/customizations/{id}";

export function languageTraining(models: CustomModels): Route[] {
  return [
    route("POST", `${PATH}/train`, (exchange, { id }) => {
      choice(exchange, "word_type_to_add", ["all", "user"]);
      const strict = flag(exchange, "strict", true);
      const force = flag(exchange, "force", false);
      const weight = exchange.query.get("customization_weight");
      if (weight !== null && !isWeight(weight)) throw invalid("customization_weight", weight);
      const model = models.openFree(exchange.instance, "language", id);
      const warnings = leftOut(models, model, unusable(models, model), strict);
      if (!hasUsableData(models, model)) throw refused(models, model, NOTHING_TO_TRAIN);
      if (!model.modified && !force) throw refused(models, model, NOTHING_NEW);
      startTraining(models, model, exchange.query);
      exchange.json(OK, warnings.length === 0 ? {} : { warnings });
    }),
    route("POST", `${PATH}/upgrade_model`, (exchange, { id }) => {
      const model = models.openFree(exchange.instance, "language", id);
      if (knownBaseModel(model.base)?.improved === true) {
        throw badRequest(`Custom models on ${model.base} are upgraded by training them`);
      }
      startUpgrade(models, model);
      exchange.json(OK, {});
    }),
  ];
}

function isWeight(text: string): boolean {
  return /^\d*\.?\d+$|^\d+\.$/.test(text) && Number(text) <= 1;
}

function unusable(models: CustomModels, model: CustomModel): Unusable[] {
  const names = (kind: "corpus" | "grammar"): string[] =>
    models.resources
      .list(model.id, kind)
      .filter(({ valid }) => !valid)
      .map(({ name }) => name);
  const words = models.words.users(model.id).filter(({ errors }) => errors !== undefined);
  return [
    { code: "invalid_corpus_files", resourceType: "corpus files", names: names("corpus") },
    { code: "invalid_grammar_files", resourceType: "grammar files", names: names("grammar") },
    { code: "invalid_words", resourceType: "words", names: words.map(({ word }) => word) },
  ];
}

/** Words with errors are no data for a training. */
function hasUsableData(models: CustomModels, model: CustomModel): boolean {
  if (models.resources.list(model.id).some(({ valid }) => valid)) return true;
  const words = models.words.users(model.id);
  return words.length === 0 ? models.words.any(model.id) : words.some(({ errors }) => errors === undefined);
}
