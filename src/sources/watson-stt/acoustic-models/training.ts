/**
 * Training a restored acoustic model with the options it was trained with, and waiting for the end of it: about as long as its audio lasts.
 */
import { keyText } from "../../../model/key.ts";
import type { IdMap, SourceContext } from "../../source.ts";
import type { CustomModel } from "../custom-model.ts";
import { MODEL_GROUP } from "../make-model.ts";
import { runTraining } from "../run-training.ts";
import { wasTrained } from "../model-status.ts";
import type { AcousticModelCalls } from "./calls.ts";
import type { KeptAcousticModel } from "./kept-model.ts";

export interface AcousticTraining {
  readonly calls: AcousticModelCalls;
  readonly ids: IdMap | undefined;
  readonly context: SourceContext;
  /** The setting `strict`; undefined: as the service likes. */
  readonly strict: boolean | undefined;
}

/** Whether the model is to be trained. `changed`: this restore writes to it. `train`: the setting. */
export function isTrainingDue(
  { model }: KeptAcousticModel,
  present: CustomModel,
  changed: boolean,
  train: boolean | undefined,
): boolean {
  const wanted = train ?? (model !== undefined && wasTrained(model.status));
  return wanted && (changed || !wasTrained(present.status));
}

/** Why the model is not as it was; empty when it is. */
export async function trainAcousticModel(
  { calls, ids, context, strict }: AcousticTraining,
  kept: KeptAcousticModel,
  id: string,
): Promise<string> {
  const name = kept.named.name;
  const warn = (message: string): void => context.warn?.(`"${name}": ${message}`, keyText(kept.key));
  const present = await calls.model(id);
  // A training that is refused makes the model fail: one without audio is not even tried.
  if (present.status === "pending")
    return "not trained: none of its recordings could be put back, see each of them";
  if (kept.training === undefined) {
    warn("the options of its last training were never captured: it is trained without a language model.");
  }
  const language = kept.training?.query["custom_language_model_id"];
  const partner = language === undefined ? undefined : await partnerOf(calls, ids, language);
  if (partner?.problem !== undefined) return partner.problem;
  const query = {
    custom_language_model_id: partner?.id,
    ...(strict === undefined ? {} : { strict }),
  };
  return await runTraining(calls, { id, name }, query, warn);
}

/** The language model in the target that stands for the one it was trained with. */
async function partnerOf(
  calls: AcousticModelCalls,
  ids: IdMap | undefined,
  language: string,
): Promise<{ readonly id: string; readonly problem?: string }> {
  const id = ids?.get(MODEL_GROUP, language) ?? language;
  const status = await calls.languageModelStatus(id);
  if (status === "available") return { id };
  const is = status === undefined ? "is not in the target" : `is ${status} there`;
  return {
    id,
    problem: `not trained: the language model ${language} that it was trained with ${is}. Restore language-models first, then repeat this.`,
  };
}
