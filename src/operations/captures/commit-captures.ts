/**
 * Committing captures: what applications upload and the service never gives back becomes items of the task that the upload belongs
 * to, by a small run of that task. It is made durable, or nothing of it is.
 */
import { isErrorCode } from "../../model/error-codes.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { PendingCapture } from "../../sources/watson/captures.ts";
import { runTask } from "../backup/run-task.ts";
import type { Hooks } from "../hooks.ts";
import type { RunReport } from "../reports.ts";
import type { Workspace } from "../workspace.ts";
import { planCaptures } from "./plan-captures.ts";
import { writeCaptures } from "./write-captures.ts";

/**
 * Commits captures of one source, a run for each collection concerned. Of one key the last capture counts. Committing the same
 * captures again adds no version. Errors: `task-busy`, `storage-*`, `interrupted`, `source-unknown`.
 */
export async function commitCaptures(
  workspace: Workspace,
  source: string,
  captures: readonly PendingCapture[],
  hooks: Hooks = {},
): Promise<RunReport[]> {
  const settings = workspace.settings(source);
  const reports: RunReport[] = [];
  for (const [collection, ofCollection] of Map.groupBy(captures, (capture) => capture.collection)) {
    const plan = planCaptures(ofCollection);
    const report = await runTask(
      workspace,
      {
        settings,
        collection,
        reconcile: false,
        level: "intraday",
        captures: (request, context) => writeCaptures(plan, request, context),
      },
      hooks,
    );
    if (report.state !== "committed") throw failure(report);
    reports.push(report);
  }
  return reports;
}

function failure({ source, collection, state, error }: RunReport): HoldfastError {
  const code = error !== undefined && isErrorCode(error.code) ? error.code : "internal";
  return new HoldfastError(
    code === "internal" && state === "superseded" ? "task-busy" : code,
    `The captures of ${source}/${collection} could not be committed: ${error?.message ?? state}`,
  );
}
