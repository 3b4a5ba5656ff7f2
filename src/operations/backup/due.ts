/**
 * Which tasks are due: what `backup --due` asks before each run, and `tasks` shows.
 */
import type { Millis } from "../../model/clock.ts";
import { nextDue, type Opening } from "../../model/policy/schedule.ts";
import type { Manifest } from "../../repository/manifest.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import type { SourceSettings } from "../connections.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";

export interface Due {
  /** When the next run is due; now or earlier when it is. */
  readonly at: Millis;
  /** Nothing has been kept of it yet. */
  readonly first: boolean;
}

/** When a collection's next run is due. Errors: `chain-broken`, `object-*`, `storage-*`. */
export async function dueOf(
  workspace: Workspace,
  { name, options }: SourceSettings,
  collection: string,
  hooks: Hooks,
  opens?: Opening,
): Promise<Due> {
  const task = workspace.repository.keyring.taskName(name, options.kind, collection);
  const stored = await readNewestManifest(workspace.repository, task, signalOf(hooks));
  const { policy } = workspace.policyOf(name, collection);
  const now = workspace.clock.now();
  const last = stored && lastStart(stored.manifest);
  return { at: nextDue(policy, last, now, opens), first: last === undefined };
}

/** When the newest run began that was a backup of its own, not a restore's. A run that failed left nothing, so it is due again. */
export function lastStart({
  entries,
  lastBackup,
}: Pick<Manifest, "entries" | "lastBackup">): Millis | undefined {
  if (lastBackup !== undefined) return lastBackup ?? undefined;
  return entries.findLast(({ beforeRestore }) => !beforeRestore)?.startedAt;
}
