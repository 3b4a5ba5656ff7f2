/**
 * Working under a lease: what takes long tells cleanup from which generation of a timeline it works, so that nothing it
 * reads is deleted meanwhile. What takes no longer than a minute needs none: nothing is deleted on the day it is replaced.
 */
import { isHoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import { takeLease, type Lease } from "../repository/leases.ts";
import { newestGeneration } from "../repository/task-store.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { resolveTask, timelineOf } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

const NO_LEASE: Lease = { async [Symbol.asyncDispose]() {} };

/**
 * A lease of the task's newest generation; nothing for a task without one. Read the manifest afterwards: whatever it needs
 * stays until the lease is disposed of. A storage that refuses to be written must not keep anybody from reading, so this
 * then only warns. Errors: `storage-failed`.
 */
export async function leaseNewest(workspace: Workspace, task: TaskName, hooks: Hooks): Promise<Lease> {
  const { repository, clock } = workspace;
  const generation = await newestGeneration(repository, task, signalOf(hooks));
  if (generation === 0) return NO_LEASE;
  try {
    return await takeLease(repository, task, generation, clock);
  } catch (error) {
    if (!isHoldfastError(error, "storage-permission", "storage-full")) throw error;
    hooks.warn?.(
      `No lease could be written for ${task}, so a cleanup meanwhile may delete what this reads: ${error.message}`,
    );
    return NO_LEASE;
  }
}

/** As `openTimeline`, under a lease: dispose of it when the work is done. Errors: as `openTimeline`. */
export async function openLeasedTimeline(
  workspace: Workspace,
  text: string,
  hooks: Hooks = {},
): Promise<{ readonly timeline: Timeline } & Lease> {
  const task = await resolveTask(workspace, text, hooks);
  const lease = await leaseNewest(workspace, task, hooks);
  try {
    const timeline = await timelineOf(workspace, task, text, hooks);
    return { timeline, [Symbol.asyncDispose]: async () => lease[Symbol.asyncDispose]() };
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}
