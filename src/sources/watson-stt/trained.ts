/**
 * What a model's status says about its training.
 */

/** Trained at the instant, or about to be. */
const TRAINED: ReadonlySet<string> = new Set(["available", "training", "upgrading"]);

/** Whether the model could be used for recognition, or soon could. */
export function wasTrained(status: string): boolean {
  return TRAINED.has(status);
}
