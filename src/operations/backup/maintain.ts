/**
 * What follows a committed run: the rollup and the cleanup that the task's policy asks for. The run is kept whatever becomes
 * of them.
 */
import { errorText, isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { cleanupTask } from "../../repository/cleanup/cleanup-task.ts";
import { rollupTask } from "../../timeline/rollup/rollup-task.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { MaintenanceReport } from "../reports.ts";
import { mergeProgress } from "../rollup.ts";
import type { Workspace } from "../workspace.ts";

/** Undefined where the key has no read right: then another process rolls up. Never throws: the report says what went wrong. */
export async function maintain(
  workspace: Workspace,
  source: string,
  collection: string,
  task: TaskName,
  hooks: Hooks,
): Promise<MaintenanceReport | undefined> {
  const { repository, clock } = workspace;
  if (repository.keyring.right !== "read") return undefined;
  const { policy } = workspace.policyOf(source, collection);
  const signal = signalOf(hooks);
  const done = { rolledUp: 0, dropped: 0, cleanedFiles: 0, cleanedBytes: 0 };
  try {
    const { rolledUp, drops, refused } = await rollupTask(repository, task, {
      policy,
      clock,
      dryRun: false,
      signal,
      progress: mergeProgress(`${source}/${collection}`, hooks),
    });
    done.rolledUp = rolledUp.length;
    done.dropped = drops.length;
    const { cleanupAfter } = policy;
    const cleaned = await cleanupTask(repository, task, {
      cleanupAfter,
      clock,
      dryRun: false,
      sweep: false,
      signal,
    });
    for (const path of cleaned.unreadable) {
      hooks.warn?.(
        `${source}/${collection}: ${path} does not read, so files that nothing seems to name were left alone; see \`holdfast check\`.`,
      );
    }
    done.cleanedFiles = cleaned.files;
    done.cleanedBytes = cleaned.bytes;
    return { ...done, refused: refused ?? cleaned.refused };
  } catch (error) {
    const code = isHoldfastError(error) ? error.code : signal.aborted ? "interrupted" : "internal";
    return { ...done, refused: null, error: { code, message: errorText(error) } };
  }
}
