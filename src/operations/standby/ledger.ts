/**
 * What a standby's copies are known by, and the claim under which a run works on it.
 */
import { takeClaim, type Claim } from "../../repository/claims.ts";
import { openCopyLedger, type StoredCopyLedger } from "../../repository/copy-ledgers.ts";
import type { TaskName } from "../../model/task.ts";
import type { CopyStep } from "../../sources/live-copies.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";
import { isGone, thisHolder } from "./holder.ts";

/** Errors: `task-busy`, naming who runs it; `storage-*`. */
export async function claimStandby(
  { repository, clock }: Workspace,
  standby: string,
  task: TaskName,
  hooks: Hooks,
): Promise<Claim> {
  const { warn } = hooks;
  return takeClaim({
    repository,
    task,
    standby,
    holder: thisHolder(),
    isGone,
    clock,
    ...(warn === undefined ? {} : { warn }),
    signal: signalOf(hooks),
  });
}

/** `claim`: that of a run, which may record; without one the ledger is only read. Errors: `storage-*`. */
export async function openLedger(
  { repository }: Workspace,
  standby: string,
  task: TaskName,
  hooks: Hooks,
  claim?: Claim,
): Promise<StoredCopyLedger<CopyStep>> {
  const damaged: string[] = [];
  const ledger = await openCopyLedger<CopyStep>({
    repository,
    task,
    standby,
    writable: claim !== undefined,
    damaged: (path) => damaged.push(path),
    ...(claim === undefined ? {} : { fence: () => claim.assertHeld() }),
    signal: signalOf(hooks),
  });
  const [first] = damaged;
  if (first !== undefined) {
    const others = damaged.length === 1 ? "" : ` and ${damaged.length - 1} more`;
    hooks.warn?.(
      `${first}${others}, which told of copies in standby ${standby}, cannot be read: these copies are recognised by their marks in ` +
        `the standby, or made anew where they have none; see \`holdfast check\`.`,
    );
  }
  return ledger;
}
