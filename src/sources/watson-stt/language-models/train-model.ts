/**
 * Training a restored model and waiting for the end of it.
 */
import { isHoldfastError } from "../../../model/errors.ts";
import { keyText } from "../../../model/key.ts";
import type { KeptModel } from "./kept-model.ts";
import { refusal } from "../refusal.ts";
import type { ModelRestore } from "./restore-model.ts";
import type { CustomModel } from "../custom-model.ts";
import { wasTrained } from "../trained.ts";
import type { Training } from "./training.ts";

/** Trainings sent in all while their answers are lost. */
const ATTEMPTS = 5;

const UNDER_WAY: readonly string[] = ["training", "upgrading"];

/** Why the model is not as it was, in the service's own words; empty when it is. */
export async function trainModel(
  { calls, context }: Pick<ModelRestore, "calls" | "context">,
  kept: KeptModel,
  present: CustomModel,
  training: Training,
): Promise<string> {
  const { id, name } = present;
  const warn = (message: string): void => context.warn?.(`"${name}": ${message}`, keyText(kept.key));
  if (!training.train) {
    training.caveats.forEach(warn);
    return "";
  }
  // A training that is refused makes the model fail: one without data is not even tried.
  if (present.status === "pending") return "not recoverable: nothing that it was trained with is kept";
  training.caveats.forEach(warn);
  for (let attempt = 1; ; attempt++) {
    try {
      (await calls.train(id, training.query)).forEach(warn);
      break;
    } catch (error) {
      const { status } = await calls.model(id);
      // The answer was lost and the training was accepted, or there was nothing left to be trained.
      if (wasTrained(status)) break;
      if (!isHoldfastError(error, "source-unreachable")) return refusal(error);
      if (attempt === ATTEMPTS) throw error;
    }
  }
  const after = await calls.whileStatus(id, `language model "${name}" to be trained`, UNDER_WAY);
  if (after.status === "available") return "";
  return `after its training it is ${after.status}${after.error === "" ? "" : `: ${after.error}`}`;
}
