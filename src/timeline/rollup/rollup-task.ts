/**
 * Rolling one task's timeline up as its policy says: plan, merge, prove, commit. Safe to repeat and to race.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import type { Level } from "../../model/level.ts";
import type { Policy } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import type { Repository } from "../../repository/repository.ts";
import type { Drop } from "../retention/plan.ts";

export interface RollupOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  /** Plan only. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly progress?: (done: { readonly versions: number; readonly bytes: number }) => void;
}

/** One entry of the timeline after a rollup that was made from others. */
export interface RolledUp {
  readonly id: string;
  readonly level: Level;
  readonly from: Millis | null;
  readonly to: Millis;
  /** `gathered`: its inputs' segments under one entry. `merged`: written anew, one version for each item. */
  readonly how: "gathered" | "merged";
  /** Instants of its inputs, oldest first. */
  readonly inputs: readonly Millis[];
  readonly readBytes: number;
  readonly writtenBytes: number;
}

export interface RollupOutcome {
  /** The first generation that has it; null when nothing was to be done or for a dry run. */
  readonly generation: number | null;
  readonly rolledUp: readonly RolledUp[];
  /** Instants that are not kept any more. */
  readonly drops: readonly Drop[];
  /** Why nothing was done though something was due: `frozen` until a person acknowledges an anomaly. */
  readonly refused: "frozen" | null;
}

/** Errors: `no-read-right`, `task-busy`, `object-*`, `storage-*`; nothing has changed then. */
export async function rollupTask(
  _repository: Repository,
  _task: TaskName,
  _options: RollupOptions,
): Promise<RollupOutcome> {
  return { generation: null, rolledUp: [], drops: [], refused: null };
}
