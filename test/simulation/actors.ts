/**
 * What actors of a history do to the repository, each with its own storage hook and its own clock, and what must be true of
 * every one of these acts by itself.
 */
import { isHoldfastError } from "../../src/model/errors.ts";
import { runTask } from "../../src/operations/backup/run-task.ts";
import { cleanupTask } from "../../src/repository/cleanup/cleanup-task.ts";
import { rollupTask, type RollupOutcome } from "../../src/timeline/rollup/rollup-task.ts";
import { brokenRestore } from "./end-proof.ts";
import type { Random } from "./random.ts";
import { COLLECTION, SOURCE, type ActorOptions, type SimHouse } from "./sim-house.ts";
import type { Witness } from "./witness.ts";

const NEVER = new AbortController().signal;
/** Share of runs that compare the source as a whole though it is not due. */
const RECONCILED = 0.1;

export type Work = "run" | "rollup" | "cleanup" | "restore";

export const WORKS: readonly Work[] = ["run", "run", "rollup", "rollup", "cleanup", "restore"];

export interface Stage {
  readonly house: SimHouse;
  readonly witness: Witness;
  readonly random: Random;
  readonly note: (text: string) => void;
  readonly expect: (condition: boolean, what: string) => void;
}

/** `committed` for what was done, `superseded` for a run that others were faster than, `failed` with the error's code. */
export async function carryOut(stage: Stage, work: Work, actor: ActorOptions): Promise<string> {
  if (work === "run") return await run(stage, actor);
  try {
    if (work === "rollup") await rollUp(stage, actor);
    else if (work === "restore") await restoreAside(stage, actor);
    else await cleanUp(stage, actor);
    return "committed";
  } catch (error) {
    if (isHoldfastError(error)) return `failed ${error.code}: ${error.message}`;
    throw error;
  }
}

export async function run(
  { house, witness, random, note, expect }: Stage,
  actor: ActorOptions,
): Promise<string> {
  await using workspace = house.workspace(actor);
  const settings = workspace.settings(SOURCE);
  const request = { settings, collection: COLLECTION, reconcile: random.chance(RECONCILED) };
  const { state, error, instant } = await runTask(workspace, request, {});
  const isKept = instant === null || witness.snapshots.has(Date.parse(instant));
  expect(isKept, `a run says that it committed ${instant}, and no timeline has it`);
  note(`run: ${state}${error === undefined ? "" : ` ${error.code}: ${error.message}`}`);
  return error === undefined ? state : `${state} ${error.code}`;
}

export async function rollUp(
  { house, note }: Stage,
  actor: ActorOptions,
  dryRun = false,
): Promise<RollupOutcome> {
  const outcome = await rollupTask(house.repository(actor), house.task, {
    policy: house.effective,
    clock: house.clock(actor.skew),
    dryRun,
    signal: NEVER,
  });
  const { rolledUp, drops, refused } = outcome;
  note(`rollup: ${rolledUp.length} rolled up, ${drops.length} dropped, refused ${refused}`);
  return outcome;
}

export async function cleanUp({ house, random, note }: Stage, actor: ActorOptions): Promise<void> {
  const { cleanupAfter } = house.effective;
  const { files, waiting, forgotten, refused } = await cleanupTask(house.repository(actor), house.task, {
    cleanupAfter,
    clock: house.clock(actor.skew),
    dryRun: false,
    sweep: random.chance(0.5),
    signal: NEVER,
  });
  note(`cleanup: ${files} files, ${waiting} waiting, ${forgotten.length} forgotten, refused ${refused}`);
}

async function restoreAside(
  { house, witness, random, note, expect }: Stage,
  actor: ActorOptions,
): Promise<void> {
  const instant = random.pick([...(witness.newest?.entries ?? [])]).to;
  await using workspace = house.workspace(actor);
  try {
    for (const broken of await brokenRestore(house, witness, workspace, instant)) expect(false, broken);
  } catch (error) {
    // Whoever slept may find that the timeline begins later now: years were folded into the baseline.
    const first = witness.newest?.entries[0]?.to ?? 0;
    if (!isHoldfastError(error, "instant-unknown") || first <= instant) throw error;
  }
  note(`restore: ${new Date(instant).toISOString()}`);
}
