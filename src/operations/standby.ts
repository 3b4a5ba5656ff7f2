/**
 * `standby`: a second instance, kept in step with a source from its timelines, so that a recovery does not wait for hours of training.
 */
import type { Hooks } from "./hooks.ts";
import type { RestoreItemRow, StandbyRunRow, StandbyStatusRow } from "./reports.ts";
import { chosenStandbys, type StandbyChoice } from "./standby/chosen.ts";
import { membersOf } from "./standby/members.ts";
import { runMember } from "./standby/run-member.ts";
import { statusOf } from "./standby/status.ts";
import type { Workspace } from "./workspace.ts";

export type { StandbySettings } from "./standby/members.ts";

export interface StandbyRunRequest extends StandbyChoice {
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
  for (const standby of chosenStandbys(request)) {
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
  request: StandbyChoice,
  hooks: Hooks = {},
): AsyncGenerator<StandbyStatusRow> {
  for (const standby of chosenStandbys(request)) {
    for (const member of membersOf(workspace, standby))
      yield await statusOf(workspace, standby, member, hooks);
  }
}
