/**
 * `repair`: makes a damaged repository whole again from what is left, from retired entries, from a second copy of it and
 * from the live source; what no place has is told to the last version.
 */
import { HoldfastError } from "../model/errors.ts";
import { copySmallObject } from "../repository/repair/copy-object.ts";
import { openRepositoryFile } from "../repository/repository-file.ts";
import { listTaskNames } from "../repository/repository.ts";
import { KEYS, slotPath } from "../repository/sealing/slot-file.ts";
import { listSlots } from "../repository/sealing/slots.ts";
import { openFolder } from "../repository/storage/folder.ts";
import type { Storage } from "../repository/storage/storage.ts";
import { LEFT } from "../timeline/repair/segment-plan.ts";
import { checkKeys } from "./check/keys.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { damagesOf, repairedRow, unrepairedRow } from "./repair/objects.ts";
import type { RepositoryCopy } from "./repair/repair-chain.ts";
import { repairTask, type TaskRepairOptions } from "./repair/repair-task.ts";
import type { RepairedObject, RepairReport } from "./reports.ts";
import { resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface RepairRequest {
  /** Default: all tasks, and the key slots. */
  readonly tasks?: readonly string[];
  /** A second copy of this very repository: its folder, or where it lies. */
  readonly from?: string | Storage;
  /** Fetch again what is still current at the source. */
  readonly fromSource?: boolean;
  /** Give up what no place has: the rest is whole again, and reading what is lost says so. */
  readonly acceptLoss?: boolean;
  /** Read back every byte; else what looks damaged, or was found damaged by an earlier check. */
  readonly readData?: boolean;
  /** False: tells what would be done; nothing is written. */
  readonly apply: boolean;
}

/**
 * Errors: `no-read-right`, `source-unknown`, `repository-foreign` for a copy of another repository, `task-busy`,
 * `storage-*`. What cannot be repaired is in the report, not thrown.
 */
export async function repair(
  workspace: Workspace,
  request: RepairRequest,
  hooks: Hooks = {},
): Promise<RepairReport> {
  const { repository, clock } = workspace;
  if (repository.keyring.right !== "read")
    throw new HoldfastError("no-read-right", "Repairing needs a key with the read right.");
  const startedAt = clock.now();
  const { copy, close } = await openCopy(workspace, request, hooks);
  try {
    const { readData = false, fromSource = false, acceptLoss = false, apply } = request;
    const options: TaskRepairOptions = { readData, copy, fromSource, acceptLoss, apply };
    const objects: RepairedObject[] = [];
    let tasks = 0;
    if (request.tasks === undefined) objects.push(...(await repairKeys(workspace, options, hooks)));
    for await (const task of tasksOf(workspace, request, hooks)) {
      tasks += 1;
      objects.push(...(await repairTask(workspace, task, options, hooks)));
    }
    return {
      ok: objects.every(({ outcome, lostCount }) => outcome !== "unrepaired" && lostCount === 0),
      applied: apply,
      tasks,
      objects,
      recovered: objects
        .flatMap(({ found }) => found)
        .reduce((sum, { place, count }) => sum + (place === LEFT ? 0 : count), 0),
      lost: objects.reduce((sum, { lostCount }) => sum + lostCount, 0),
      durationMs: clock.now() - startedAt,
    };
  } finally {
    await close();
  }
}

async function* tasksOf(workspace: Workspace, { tasks }: RepairRequest, hooks: Hooks) {
  if (tasks === undefined) yield* listTaskNames(workspace.repository, signalOf(hooks));
  else for (const task of tasks) yield await resolveTask(workspace, task, hooks);
}

/** The copy, opened with the keys of this repository: a copy has the same ones. */
async function openCopy(
  { repository }: Workspace,
  { from }: RepairRequest,
  hooks: Hooks,
): Promise<{ readonly copy: RepositoryCopy | undefined; readonly close: () => Promise<void> }> {
  if (from === undefined) return { copy: undefined, close: async () => {} };
  const storage = typeof from === "string" ? openFolder(from) : from;
  const close = async (): Promise<void> => {
    if (typeof from === "string") await storage.close();
  };
  try {
    const file = await openRepositoryFile(storage, signalOf(hooks));
    if (file.repository !== repository.id) {
      throw new HoldfastError(
        "repository-foreign",
        `Refused repairing from ${storage.location}: it is repository ${file.repository}, not a copy of ${repository.id}.`,
      );
    }
    const copy = { repository: { ...repository, storage }, label: `the copy in ${storage.location}` };
    return { copy, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Slots that are damaged come from the copy. One that is not there may have been removed for good reason, so it only comes
 * back when no slot is left that gives the read right.
 */
async function repairKeys(
  { repository }: Workspace,
  { copy, apply }: TaskRepairOptions,
  hooks: Hooks,
): Promise<RepairedObject[]> {
  const signal = signalOf(hooks);
  const rows: RepairedObject[] = [];
  for (const damage of damagesOf(await checkKeys(repository, signal)).values()) {
    let copied = 0;
    if (copy !== undefined) {
      const wanted = damage.path === KEYS ? await slotsOf(copy, signal) : [damage.path];
      for (const path of wanted)
        if (await copySmallObject(repository, copy.repository, path, apply, signal)) copied += 1;
    }
    rows.push(
      copied > 0 && copy !== undefined
        ? repairedRow(damage, [{ place: copy.label, count: copied }])
        : unrepairedRow(damage, "Make a new key with `holdfast key add` and remove the damaged one."),
    );
  }
  return rows;
}

async function slotsOf(copy: RepositoryCopy, signal: AbortSignal): Promise<string[]> {
  const slots = await listSlots(copy.repository.storage, signal);
  return slots.flatMap((slot) => (slot.state === "intact" ? [slotPath(slot.info.slot)] : []));
}
