/**
 * Which kept versions have a verified copy in a standby, and which are such copies themselves, by what the ledgers tell: no service is asked.
 */
import type { Version } from "../../model/version.ts";
import { traitsOf, type KindTraits, type SourceKind } from "../../sources/kinds.ts";
import type { Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";
import { openLedger } from "./ledger.ts";
import type { StandbySettings } from "./members.ts";

/** The source whose timeline is judged. */
interface Judged {
  readonly name: string;
  readonly kind: string;
  readonly collection: string;
}

export class VerifiedCopies {
  /** By key and the source's own name for the state: the standbys that have it. */
  readonly #standbys = new Map<string, string[]>();
  /** By key, of the source as a standby itself: of what each item is a copy. */
  readonly #origins = new Map<string, string>();
  readonly #copied: KindTraits["copied"];

  constructor(copied: KindTraits["copied"]) {
    this.#copied = copied;
  }

  /** Whether no standby has anything to do with the source. */
  get isEmpty(): boolean {
    return this.#standbys.size === 0 && this.#origins.size === 0;
  }

  addCopy(standby: string, key: string, state: string): void {
    const name = nameOf(key, state);
    this.#standbys.set(name, [...(this.#standbys.get(name) ?? []), standby]);
  }

  addOrigin(key: string, origin: string): void {
    this.#origins.set(key, origin);
  }

  /** The standbys that have a verified copy of exactly this version. */
  of(version: Version): readonly string[] {
    const state = this.#copied?.stateOf(version);
    return state === undefined ? [] : (this.#standbys.get(nameOf(version.key.toString("utf8"), state)) ?? []);
  }

  /** `SOURCE/COLLECTION ITEM` that this item is a copy of; undefined when no standby made it. */
  originOf(version: Version): string | undefined {
    return this.#origins.get(version.key.toString("utf8"));
  }
}

/** Errors: `storage-*`. */
export async function readVerifiedCopies(
  workspace: Workspace,
  { name, kind, collection }: Judged,
  standbys: readonly StandbySettings[],
  hooks: Hooks,
): Promise<VerifiedCopies> {
  const { copied } = traitsOf(kind as SourceKind);
  const copies = new VerifiedCopies(copied);
  if (copied === undefined) return copies;
  for (const { name: standby, source, target } of standbys) {
    if (source !== name && target !== name) continue;
    const task = workspace.repository.keyring.taskName(source, kind, collection);
    const ledger = await openLedger(workspace, standby, task, hooks);
    for (const step of ledger.steps()) {
      if (step.state !== "verified" && step.state !== "superseded") continue;
      if (target === name) copies.addOrigin(copied.itemOf(step), `${source}/${collection} ${step.key}`);
      else if (step.state === "verified") copies.addCopy(standby, step.key, step.version);
    }
  }
  return copies;
}

function nameOf(key: string, state: string): string {
  return JSON.stringify([key, state]);
}
