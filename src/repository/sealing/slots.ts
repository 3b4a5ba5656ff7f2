/**
 * The key slots of a repository: opening it through one of them, adding, listing and removing them. Slots come and go
 * without touching any other object; the master keys in them stay the same for the repository's life.
 */
import { randomHex } from "../../model/clock.ts";
import type { Clock } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { openRepositoryFile } from "../repository-file.ts";
import type { Storage } from "../storage/storage.ts";
import type { Credential, NewSlot } from "./credentials.ts";
import { loadDataKeys } from "./data-keys.ts";
import type { Keyring, Right } from "./keyring.ts";
import { readMaster } from "./master-keys.ts";
import type { MasterKeys } from "./master-keys.ts";
import { keyringOf, keyringParts } from "./open-keyring.ts";
import { readSmallObject } from "./small-object.ts";
import { KEYS, LONGEST_LABEL, encodeSlot, isSlotPath, parseSlot, slotPath } from "./slot-file.ts";
import type { SlotFile } from "./slot-file.ts";
import { openSlot, sealSlot } from "./slot-payload.ts";

export type { Credential, KdfCost, NewSlot } from "./credentials.ts";

/** Random bytes of a slot's id. */
const SLOT_ID_BYTES = 8;

/** What anybody may know of a slot. */
export interface SlotInfo {
  /** 16 hex digits. */
  readonly slot: string;
  readonly label: string;
  readonly right: Right;
  readonly kind: "passphrase" | "age";
  /** ISO 8601, UTC. */
  readonly created: string;
  /** For `age`. */
  readonly recipient?: string;
}

/** A slot, or a file among the slots that is none of this repository. */
export type ListedSlot =
  | { readonly state: "intact"; readonly info: SlotInfo }
  | { readonly state: "unusable"; readonly path: string; readonly problem: HoldfastError };

export interface OpenOptions {
  /** `write` drops the read right though the slot gives it; `read` insists on it. Default: what the slot gives. */
  readonly right?: Right;
}

/**
 * Tries the slots until one opens with the credential.
 * Errors: `wrong-key`; `no-read-right` when read was asked for and only a write slot opens; `repository-foreign` when
 * the slots belong to another repository; `object-missing` when there are none; `object-damaged`; as
 * `openRepositoryFile`.
 */
export async function openKeyring(
  storage: Storage,
  credential: Credential,
  options: OpenOptions = {},
  signal?: AbortSignal,
): Promise<Keyring> {
  const { repository } = await openRepositoryFile(storage, signal);
  const found = await readSlots(storage, repository, signal);
  const masters = await openOneOf(storage, repository, found, credential, options, signal);
  return keyringOf(masters, await loadDataKeys(storage, masters, signal));
}

/** All slots in order of their ids. Needs no key; what it tells is proven only when a slot is opened. */
export async function listSlots(storage: Storage, signal?: AbortSignal): Promise<ListedSlot[]> {
  const { repository } = await openRepositoryFile(storage, signal);
  return (await readSlots(storage, repository, signal)).map((found) =>
    found.file === undefined
      ? { state: "unusable", path: found.path, problem: found.problem }
      : { state: "intact", info: infoOf(found.file) },
  );
}

/**
 * Makes a slot for another credential. Errors: `no-read-right` when a write-only keyring is to give the read right;
 * `config-invalid` for a credential that cannot be one; `storage-*`.
 */
export async function addSlot(
  storage: Storage,
  keyring: Keyring,
  wanted: NewSlot,
  clock: Clock,
  signal?: AbortSignal,
): Promise<SlotInfo> {
  return await createSlot(storage, keyringParts(keyring).masters, wanted, clock, signal);
}

/** As `addSlot`, for masters that no slot keeps yet. */
export async function createSlot(
  storage: Storage,
  masters: MasterKeys,
  wanted: NewSlot,
  clock: Clock,
  signal?: AbortSignal,
): Promise<SlotInfo> {
  if (wanted.label.length > LONGEST_LABEL) {
    throw new HoldfastError(
      "config-invalid",
      `A key slot's label may have ${LONGEST_LABEL} characters at most.`,
    );
  }
  const { repository, write } = masters;
  const given: MasterKeys =
    wanted.right === "write"
      ? { repository, write }
      : { repository, write, read: readMaster(masters, "adding a key with the read right") };
  const slot = randomHex(SLOT_ID_BYTES);
  const created = new Date(clock.now()).toISOString();
  const { fields, sealed } = await sealSlot(given, slot, wanted, created);
  const path = slotPath(slot);
  if ((await storage.create(path, encodeSlot(fields, sealed), signal)) === "exists") {
    throw new HoldfastError("storage-failed", `Failed adding a key slot: ${path} exists already.`, { path });
  }
  return infoOf(fields);
}

/**
 * Removes a slot, or what lies in its place. Errors: `last-key` when no other slot has the read right; `usage` when
 * there is no such slot; `storage-*`.
 */
export async function removeSlot(storage: Storage, slot: string, signal?: AbortSignal): Promise<void> {
  const path = slotPath(slot);
  const { repository } = await openRepositoryFile(storage, signal);
  const before = await readSlots(storage, repository, signal);
  const there = before.find((found) => found.path === path);
  if (there === undefined) {
    throw new HoldfastError("usage", `There is no key slot ${slot} in ${storage.location}.`, { path });
  }
  if (there.file === undefined) return await storage.remove(path, signal);
  const lastOne = givesRead(there) && !before.some((found) => found.path !== path && givesRead(found));
  if (lastOne) throw lastKey(slot, path);
  const content = await readSmallObject(storage, path, signal);
  await storage.remove(path, signal);
  // Somebody may have removed the other one since it was seen. Whoever is last sees none left and puts his own back;
  // no signal may stop that.
  if (givesRead(there) && !(await readSlots(storage, repository)).some(givesRead)) {
    await storage.create(path, content);
    throw lastKey(slot, path);
  }
}

/** A file among the slots, and why it is of no use when it is not. */
type FoundSlot =
  | { readonly path: string; readonly file: SlotFile; readonly problem?: undefined }
  | { readonly path: string; readonly file?: undefined; readonly problem: HoldfastError };

async function readSlots(storage: Storage, repository: string, signal?: AbortSignal): Promise<FoundSlot[]> {
  const slots: FoundSlot[] = [];
  for await (const { path } of storage.list(KEYS, signal ? { signal } : {})) {
    if (!isSlotPath(path)) continue;
    try {
      const file = parseSlot(path, await readSmallObject(storage, path, signal));
      slots.push(
        file.repository === repository ? { path, file } : { path, problem: foreignSlot(storage, path) },
      );
    } catch (error) {
      if (isHoldfastError(error, "object-missing")) continue;
      if (!isHoldfastError(error, "object-damaged", "repository-newer")) throw error;
      slots.push({ path, problem: error });
    }
  }
  return slots;
}

async function openOneOf(
  storage: Storage,
  repository: string,
  found: readonly FoundSlot[],
  credential: Credential,
  { right }: OpenOptions,
  signal: AbortSignal | undefined,
): Promise<MasterKeys> {
  const problems = found.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  const files = found.flatMap(({ file }) => (file === undefined ? [] : [file]));
  const opened: HoldfastError[] = [];
  let writeOnly = false;
  // Read slots first: a write slot that opens ends the search unless the read right is wanted.
  for (const file of files.toSorted((a, b) => Number(b.right === "read") - Number(a.right === "read"))) {
    signal?.throwIfAborted();
    const masters = await openOrNote(file, credential, opened);
    if (masters === undefined) continue;
    if (masters.repository !== repository) throw foreignSlot(storage, slotPath(file.slot));
    if (right === "write") return { repository, write: masters.write };
    if (right === undefined || masters.read !== undefined) return masters;
    writeOnly = true;
  }
  if (writeOnly) {
    throw new HoldfastError(
      "no-read-right",
      `The key that was given for ${storage.location} may write but not read.`,
    );
  }
  throw opened[0] ?? notOpened(storage, credential, files, problems);
}

/** A slot that opens with damage inside is noted, for another one may still do. */
async function openOrNote(
  file: SlotFile,
  credential: Credential,
  problems: HoldfastError[],
): Promise<MasterKeys | undefined> {
  try {
    return await openSlot(file, credential);
  } catch (error) {
    if (!isHoldfastError(error, "object-damaged")) throw error;
    problems.push(error);
    return undefined;
  }
}

function notOpened(
  storage: Storage,
  credential: Credential,
  files: readonly SlotFile[],
  problems: readonly HoldfastError[],
): HoldfastError {
  const [problem] = problems;
  if (files.length === 0 && problem !== undefined) return problem;
  if (files.length === 0) {
    return new HoldfastError("object-missing", `Found no key slot in ${storage.location}.`, { path: KEYS });
  }
  const what = credential.kind === "passphrase" ? "passphrase" : "age identity";
  const unusable =
    problems.length === 0 ? "" : ` ${problems.length} more could not be used: ${problem?.message}`;
  return new HoldfastError(
    "wrong-key",
    `None of the ${files.length} key slots in ${storage.location} opens with the ${what} that was given.${unusable}`,
  );
}

function givesRead({ file }: FoundSlot): boolean {
  return file?.right === "read";
}

function infoOf(fields: Omit<SlotFile, "sealed">): SlotInfo {
  const { slot, label, right, kind, created } = fields;
  return {
    slot,
    label,
    right,
    kind,
    created,
    ...("recipient" in fields && { recipient: fields.recipient as string }),
  };
}

function foreignSlot(storage: Storage, path: string): HoldfastError {
  return new HoldfastError(
    "repository-foreign",
    `The key slot ${path} in ${storage.location} belongs to another repository.`,
    { path },
  );
}

function lastKey(slot: string, path: string): HoldfastError {
  return new HoldfastError(
    "last-key",
    `Refused removing the key slot ${slot}: no other has the read right.`,
    {
      path,
    },
  );
}
