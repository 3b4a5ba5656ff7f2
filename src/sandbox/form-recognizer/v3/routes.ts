/**
 * The calls of 2022-08-31, 2023-07-31 and 2024-11-30.
 */
import { v3CopyRoutes } from "../copying/v3-copy-routes.ts";
import type { FormRoute } from "../routes.ts";
import type { FormState } from "../state.ts";
import { buildJobs, buildRoutes } from "./build.ts";
import { composeJobs, composeRoutes } from "./compose.ts";
import { infoRoutes } from "./info.ts";
import { modelRoutes } from "./model-routes.ts";
import { operationRoutes } from "./operation-routes.ts";
import { stepJobs } from "./operation-steps.ts";

export function v3Routes(state: FormState): readonly FormRoute[] {
  return [
    ...modelRoutes(state),
    ...buildRoutes(state),
    ...composeRoutes(state),
    ...v3CopyRoutes(state),
    ...operationRoutes(state),
    ...infoRoutes(state),
  ];
}

/** What these calls begin and the stand-in ends later. */
export function v3Jobs(state: FormState): void {
  buildJobs(state);
  composeJobs(state);
  stepJobs(state);
}
