/**
 * Which kept versions have a verified copy in a standby, by what the ledgers tell: no service is asked.
 */
import type { TaskName } from "../../model/task.ts";
import type { Version } from "../../model/version.ts";
import { traitsOf, type SourceKind } from "../../sources/kinds.ts";
import type { Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";
import { openLedger } from "./ledger.ts";
import type { StandbySettings } from "./members.ts";

export class VerifiedCopies {
  /** By key and the source's own name for the state: the standbys that have it. */
  readonly #standbys = new Map<string, string[]>();
  readonly #stateName: ((version: Version) => string | undefined) | undefined;

  constructor(stateName: ((version: Version) => string | undefined) | undefined) {
    this.#stateName = stateName;
  }

  add(standby: string, key: string, version: string): void {
    const name = nameOf(key, version);
    this.#standbys.set(name, [...(this.#standbys.get(name) ?? []), standby]);
  }

  /** The standbys that have a verified copy of exactly this version. */
  of(version: Version): readonly string[] {
    const state = this.#stateName?.(version);
    return state === undefined ? [] : (this.#standbys.get(nameOf(version.key.toString("utf8"), state)) ?? []);
  }
}

/** Of the standbys of one timeline. Errors: `storage-*`. */
export async function readVerifiedCopies(
  workspace: Workspace,
  source: { readonly name: string; readonly kind: string },
  task: TaskName,
  standbys: readonly StandbySettings[],
  hooks: Hooks,
): Promise<VerifiedCopies> {
  const { copiedState } = traitsOf(source.kind as SourceKind);
  const copies = new VerifiedCopies(copiedState);
  if (copiedState === undefined) return copies;
  for (const standby of standbys) {
    if (standby.source !== source.name) continue;
    const ledger = await openLedger(workspace, standby.name, task, hooks);
    for (const { key, version, state } of ledger.steps()) {
      if (state === "verified") copies.add(standby.name, key, version);
    }
  }
  return copies;
}

function nameOf(key: string, version: string): string {
  return JSON.stringify([key, version]);
}
