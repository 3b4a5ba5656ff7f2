/**
 * What calls of v2.x begin and the stand-in ends later, copies excepted.
 */
import type { FormState } from "../state.ts";
import { compositionJobs } from "./compose.ts";
import { trainingJobs } from "./train.ts";

export function v2Jobs(state: FormState): void {
  trainingJobs(state);
  compositionJobs(state);
}
