/**
 * Training a restored language model.
 */
import { keyText } from "../../../model/key.ts";
import type { SourceContext } from "../../source.ts";
import type { CustomModel } from "../custom-model.ts";
import { runTraining } from "../run-training.ts";
import type { LanguageModelCalls } from "./calls.ts";
import type { KeptModel } from "./kept-model.ts";
import type { Training } from "./training.ts";

/** Why the model is not as it was, in the service's own words; empty when it is. */
export async function trainModel(
  { calls, context }: { readonly calls: LanguageModelCalls; readonly context: SourceContext },
  kept: KeptModel,
  present: CustomModel,
  training: Training,
): Promise<string> {
  const warn = (message: string): void => context.warn?.(`"${present.name}": ${message}`, keyText(kept.key));
  if (!training.train) {
    training.caveats.forEach(warn);
    return "";
  }
  // A training that is refused makes the model fail: one without data is not even tried.
  if (present.status === "pending") return "not recoverable: nothing that it was trained with is kept";
  training.caveats.forEach(warn);
  return await runTraining(calls, present, training.query, warn);
}
