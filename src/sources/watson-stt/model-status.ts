/**
 * What a model's status says about it.
 */

/** While the service has one of these it changes the model by itself, and nothing can be written to it. */
export const MOVING: readonly string[] = ["training", "upgrading"];

/** Trained at the instant, or about to be. */
const TRAINED: ReadonlySet<string> = new Set(["available", ...MOVING]);

/** Whether the model could be used for recognition, or soon could. */
export function wasTrained(status: string): boolean {
  return TRAINED.has(status);
}
