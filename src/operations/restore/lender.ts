/**
 * The standby that a restore may copy from.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { RestoreRequest } from "../../sources/source.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import type { Hooks } from "../hooks.ts";
import { openLedger } from "../standby/ledger.ts";
import type { StandbySettings } from "../standby/members.ts";
import type { Workspace } from "../workspace.ts";

/** `standby`: absent when the operator named none. Errors: `usage` for one that has nothing of this timeline, `source-unknown`, `storage-*`. */
export async function openLender(
  workspace: Workspace,
  { task, manifest }: Pick<Timeline, "task" | "manifest">,
  standby: StandbySettings | undefined,
  hooks: Hooks,
): Promise<Pick<RestoreRequest, "lender">> {
  if (standby === undefined) return {};
  const { name, kind } = manifest.source;
  if (standby.source !== name) {
    throw new HoldfastError(
      "usage",
      `Standby ${standby.name} is kept in step with ${standby.source}: it has nothing of ${name}.`,
    );
  }
  const source = workspace.source(standby.target);
  if (source.copies === undefined) {
    throw new HoldfastError(
      "usage",
      `Nothing can be copied from a standby of kind ${kind}: leave --from-standby out, what is kept is built again.`,
    );
  }
  const ledger = await openLedger(workspace, standby.name, task, hooks);
  return { lender: { name: standby.target, source, ledger } };
}
