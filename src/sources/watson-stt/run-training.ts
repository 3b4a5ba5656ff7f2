/**
 * Starting a training and waiting for the end of it, whatever becomes of the service's answers.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { WatsonRequest } from "../watson/client.ts";
import type { CustomModel } from "./custom-model.ts";
import type { ModelCalls } from "./model-calls.ts";
import { refusal } from "./refusal.ts";
import { wasTrained, MOVING } from "./model-status.ts";

/** Trainings sent in all while their answers are lost. */
const ATTEMPTS = 5;

/** Why the model is not trained now, in the service's own words; empty when it is. `warn`: told of what the service skipped. */
export async function runTraining(
  calls: ModelCalls,
  { id, name }: Pick<CustomModel, "id" | "name">,
  query: NonNullable<WatsonRequest["query"]>,
  warn: (message: string) => void,
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      (await calls.train(id, query)).forEach(warn);
      break;
    } catch (error) {
      const { status } = await calls.model(id);
      // The answer was lost and the training was accepted, or there was nothing left to be trained.
      if (wasTrained(status)) break;
      if (!isHoldfastError(error, "source-unreachable")) return refusal(error);
      if (attempt === ATTEMPTS) throw error;
    }
  }
  const after = await calls.whileStatus(id, `${calls.kind.noun} "${name}" to be trained`, MOVING);
  if (after.status === "available") return "";
  return `after its training it is ${after.status}${after.error === "" ? "" : `: ${after.error}`}`;
}
