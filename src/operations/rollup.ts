/**
 * `rollup`: merges the oldest deltas of each level into the next, as the policy says.
 */
import { formatInstant } from "../model/instant.ts";
import {
  rollupTask,
  type RolledUp,
  type RollupOptions,
  type RollupOutcome,
} from "../timeline/rollup/rollup-task.ts";
import { governedTasks, type GovernedTask } from "./governed-tasks.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { RolledUpRow, RollupReport } from "./reports.ts";
import type { Workspace } from "./workspace.ts";

export interface RollupRequest {
  /** Empty: every task of a configured source. */
  readonly tasks: readonly string[];
  /** Only tell what would be merged. */
  readonly dryRun: boolean;
  /** Merge also what is only gathered so far. */
  readonly compact?: boolean;
}

/**
 * One report for each task as it ends. Errors: `source-unknown`, `no-read-right`, `task-busy`, `rollup-unproven`, `object-*`,
 * `storage-*`.
 */
export async function* rollup(
  workspace: Workspace,
  request: RollupRequest,
  hooks: Hooks = {},
): AsyncGenerator<RollupReport> {
  for await (const governed of governedTasks(workspace, request.tasks, hooks)) {
    yield await rollupOne(workspace, governed, request, hooks);
  }
}

async function rollupOne(
  { repository, clock }: Workspace,
  { task, source, policy }: GovernedTask,
  { dryRun, compact }: RollupRequest,
  hooks: Hooks,
): Promise<RollupReport> {
  const startedAt = clock.now();
  const name = `${source.name}/${source.collection}`;
  const outcome = await rollupTask(repository, task, {
    policy,
    clock,
    dryRun,
    compact: compact ?? false,
    signal: signalOf(hooks),
    progress: mergeProgress(name, hooks),
  });
  return {
    task,
    source: source.name,
    collection: source.collection,
    dryRun,
    ...told(outcome),
    durationMs: clock.now() - startedAt,
  };
}

/** Tells how far a merge is. `task`: its name for people. */
export function mergeProgress(task: string, hooks: Hooks): NonNullable<RollupOptions["progress"]> {
  return ({ versions, bytes }) =>
    hooks.progress?.({ operation: "rollup", task, phase: "merge", done: versions, bytes });
}

function told({ generation, rolledUp, drops, refused }: RollupOutcome) {
  return {
    generation,
    refused,
    rolledUp: rolledUp.map(rolledUpRow),
    drops: drops.map(({ instant, level, into, rule }) => ({
      instant: formatInstant(instant),
      level,
      into,
      rule,
    })),
    readBytes: rolledUp.reduce((sum, { readBytes }) => sum + readBytes, 0),
    writtenBytes: rolledUp.reduce((sum, { writtenBytes }) => sum + writtenBytes, 0),
  };
}

function rolledUpRow({ from, to, inputs, ...row }: RolledUp): RolledUpRow {
  return {
    ...row,
    from: from === null ? null : formatInstant(from),
    to: formatInstant(to),
    inputs: inputs.map(formatInstant),
  };
}
