/**
 * Making a repository. Each attempt draws its own repository id and makes its own data key and slots under it; then
 * `holdfast.json` is created, the one object that says whose keys count. A crash before that leaves objects of an id
 * that nobody will ever name: readers pass over them and the next attempt, which needs no clearing up, removes them.
 */
import { randomHex } from "../model/clock.ts";
import type { Clock } from "../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import { REPOSITORY_FILE, createRepositoryFile, openRepositoryFile } from "./repository-file.ts";
import type { RepositoryFile } from "./repository-file.ts";
import { DATA_KEYS, dataKeyPath, generationOf, repositoryOfDataKey } from "./sealing/data-key-file.ts";
import { addDataKey } from "./sealing/data-keys.ts";
import type { Keyring } from "./sealing/keyring.ts";
import { newMasterKeys } from "./sealing/master-keys.ts";
import { keyringOf } from "./sealing/open-keyring.ts";
import type { DataKeys } from "./sealing/open-keyring.ts";
import { readSmallObject } from "./sealing/small-object.ts";
import { KEYS, isSlotPath, parseSlot, slotPath } from "./sealing/slot-file.ts";
import { createSlot } from "./sealing/slots.ts";
import type { NewSlot } from "./sealing/slots.ts";
import type { Storage } from "./storage/storage.ts";

/** Random bytes of a repository's id. */
const REPOSITORY_ID_BYTES = 16;

export interface InitOptions {
  /** At least one with the read right. */
  readonly slots: readonly NewSlot[];
  readonly clock: Clock;
}

/**
 * Makes a repository in an empty place, or in one where an earlier attempt did not finish.
 * Errors: `repository-exists` when anything else is there; `usage` without a read slot; `config-invalid` for a slot
 * that cannot be made; `storage-*`.
 */
export async function initRepository(
  storage: Storage,
  { slots, clock }: InitOptions,
  signal?: AbortSignal,
): Promise<{ readonly file: RepositoryFile; readonly keyring: Keyring }> {
  if (!slots.some(({ right }) => right === "read")) {
    throw new HoldfastError("usage", "A repository needs at least one key with the read right.");
  }
  await refuseOccupied(storage, signal);
  const masters = newMasterKeys(randomHex(REPOSITORY_ID_BYTES));
  const dataKeys: DataKeys = new Map();
  const made = [dataKeyPath(await addDataKey(storage, masters, dataKeys, signal))];
  for (const slot of slots)
    made.push(slotPath((await createSlot(storage, masters, slot, clock, signal)).slot));

  const created = new Date(clock.now()).toISOString();
  if ((await createRepositoryFile(storage, masters.repository, created, signal)) === "exists") {
    for (const path of made) await storage.remove(path);
    throw occupied(storage, REPOSITORY_FILE);
  }
  const file = await openRepositoryFile(storage, signal);
  await removeUnfinished(storage, masters.repository, signal);
  return { file, keyring: keyringOf(masters, dataKeys) };
}

async function refuseOccupied(storage: Storage, signal: AbortSignal | undefined): Promise<void> {
  for await (const { path } of storage.list("", signal ? { signal } : {})) {
    if (generationOf(path) === undefined && !isSlotPath(path)) throw occupied(storage, path);
  }
}

/** Keys of attempts that can no longer finish: only one `holdfast.json` will ever be there, and it is ours. */
async function removeUnfinished(
  storage: Storage,
  repository: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const folder of [DATA_KEYS, KEYS]) {
    for await (const { path } of storage.list(folder, signal ? { signal } : {})) {
      const owner = await ownerOf(storage, path, signal);
      if (owner !== undefined && owner !== repository) await storage.remove(path, signal);
    }
  }
}

/** Undefined for what went meanwhile and for what is no key of any repository: that is left to `check`. */
async function ownerOf(
  storage: Storage,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const object = await readSmallObject(storage, path, signal);
    return isSlotPath(path) ? parseSlot(path, object).repository : repositoryOfDataKey(path, object);
  } catch (error) {
    if (isHoldfastError(error, "object-missing", "object-damaged", "repository-newer")) return undefined;
    throw error;
  }
}

function occupied(storage: Storage, path: string): HoldfastError {
  const what = path === REPOSITORY_FILE ? "already holds a repository" : `is not empty: it holds ${path}`;
  return new HoldfastError("repository-exists", `Refused making a repository: ${storage.location} ${what}.`, {
    path,
  });
}
