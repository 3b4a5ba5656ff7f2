/**
 * `standby`: a second instance, kept in step with a source from its timelines, so that a recovery does not wait for hours of training.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { newestEntry } from "../repository/manifest.ts";
import { readStandbyRecord } from "../repository/standby-records.ts";
import { readNewestManifest } from "../repository/task-store.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { RestoreItemRow, StandbyRunRow, StandbyStatusRow } from "./reports.ts";
import { membersOf, type StandbySettings } from "./standby/members.ts";
import { runMember } from "./standby/run-member.ts";
import type { Workspace } from "./workspace.ts";

export type { StandbySettings } from "./standby/members.ts";

export interface StandbyRunRequest {
  /** Those that are configured. */
  readonly standbys: readonly StandbySettings[];
  /** Names; empty: all. */
  readonly names: readonly string[];
  readonly apply: boolean;
  readonly verify?: boolean;
  readonly onItem?: (row: RestoreItemRow) => void;
}

/**
 * Brings the standbys to the newest kept instants; a row for each collection. A collection that fails does not stop the others.
 * Errors: `source-unknown`, `config-invalid`.
 */
export async function* runStandbys(
  workspace: Workspace,
  request: StandbyRunRequest,
  hooks: Hooks = {},
): AsyncGenerator<StandbyRunRow> {
  for (const standby of chosen(request)) {
    for (const member of membersOf(workspace, standby)) {
      const { apply, verify = false, onItem } = request;
      yield runMember(
        workspace,
        { standby, member, apply, verify, ...(onItem === undefined ? {} : { onItem }) },
        hooks,
      );
    }
  }
}

/** How far the standbys are behind; asks the repository alone. Errors: `source-unknown`, `config-invalid`, `storage-*`. */
export async function* standbyStatus(
  workspace: Workspace,
  request: Pick<StandbyRunRequest, "standbys" | "names">,
  hooks: Hooks = {},
): AsyncGenerator<StandbyStatusRow> {
  const { repository, clock } = workspace;
  for (const standby of chosen(request)) {
    for (const { task, collection } of membersOf(workspace, standby)) {
      const stored = await readNewestManifest(repository, task, signalOf(hooks));
      const record = await readStandbyRecord(repository, task, standby.name, signalOf(hooks));
      const entries = stored?.manifest.entries ?? [];
      yield {
        standby: standby.name,
        source: standby.source,
        collection,
        target: standby.target,
        instant: record === undefined ? null : formatInstant(record.instant),
        newest: stored === undefined ? null : formatInstant(newestEntry(stored.manifest).to),
        behind: entries.filter(({ to }) => to > (record?.instant ?? -Infinity)).length,
        lagMs: record === undefined ? null : clock.now() - record.instant,
        failed: record?.failed ?? 0,
      };
    }
  }
}

/** Errors: `source-unknown` for a name that is not configured, `config-invalid` when there is none at all. */
function chosen({
  standbys,
  names,
}: Pick<StandbyRunRequest, "standbys" | "names">): readonly StandbySettings[] {
  if (standbys.length === 0) {
    throw new HoldfastError(
      "config-invalid",
      "No standby is configured: holdfast standby add NAME --source SOURCE --target SOURCE adds one.",
    );
  }
  const known = standbys.map(({ name }) => name).join(", ");
  const unknown = names.find((name) => !standbys.some((standby) => standby.name === name));
  if (unknown !== undefined) {
    throw new HoldfastError("source-unknown", `No standby is called "${unknown}" (configured: ${known}).`);
  }
  return names.length === 0 ? standbys : standbys.filter(({ name }) => names.includes(name));
}
