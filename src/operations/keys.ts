/**
 * `key`: who can open the repository. Slots come and go without rewriting any data.
 */
import { HoldfastError } from "../model/errors.ts";
import type { Right } from "../repository/sealing/keyring.ts";
import {
  addSlot,
  listSlots,
  removeSlot,
  type ListedSlot,
  type SlotInfo,
} from "../repository/sealing/slots.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { Workspace } from "./workspace.ts";

/** All key slots, those that cannot be used included. */
export async function listKeys(workspace: Workspace, hooks: Hooks = {}): Promise<ListedSlot[]> {
  return listSlots(workspace.repository.storage, signalOf(hooks));
}

export interface AddKeyRequest {
  /** For people: whose key it is. */
  readonly label?: string;
  /** `write`: may back up and recognise what is unchanged, but read nothing that is kept. */
  readonly right: Right;
  /** One of the two. */
  readonly passphrase?: string;
  readonly recipient?: string;
}

/** Errors: `usage`, `no-read-right` when a write-only key is to give the read right, `storage-*`. */
export async function addKey(
  workspace: Workspace,
  request: AddKeyRequest,
  hooks: Hooks = {},
): Promise<SlotInfo> {
  const { storage, keyring } = workspace.repository;
  const { label = "", right, passphrase, recipient } = request;
  if ((passphrase === undefined) === (recipient === undefined)) {
    throw new HoldfastError(
      "usage",
      "A key is made for a passphrase or for an age recipient: give one of them.",
    );
  }
  const wanted =
    recipient === undefined
      ? ({ kind: "passphrase", passphrase: passphrase ?? "", label, right } as const)
      : ({ kind: "age", recipient, label, right } as const);
  return addSlot(storage, keyring, wanted, workspace.clock, signalOf(hooks));
}

/** Errors: `last-key`, `usage` when there is no such slot, `storage-*`. */
export async function removeKey(workspace: Workspace, slot: string, hooks: Hooks = {}): Promise<void> {
  await removeSlot(workspace.repository.storage, slot, signalOf(hooks));
}
