/**
 * The parts that the stand-in is made of: their calls, and what they do later.
 */
import { v2AnalysisRoutes } from "./analysis/v2-routes.ts";
import { v3AnalysisRoutes } from "./analysis/v3-routes.ts";
import { copyJobs } from "./copying/copy-jobs.ts";
import type { FormRoute } from "./routes.ts";
import type { FormState } from "./state.ts";
import { v2Jobs } from "./v2/jobs.ts";
import { v2Routes } from "./v2/routes.ts";
import { v3Jobs, v3Routes } from "./v3/routes.ts";

/** Every call of every version. */
export function formRoutes(state: FormState): readonly FormRoute[] {
  return [...v2Routes(state), ...v2AnalysisRoutes(state), ...v3Routes(state), ...v3AnalysisRoutes(state)];
}

/** Tells the stand-in's jobs who does them. */
export function formJobs(state: FormState): void {
  v2Jobs(state);
  v3Jobs(state);
  copyJobs(state);
}
