/**
 * The generations of the data key in the repository: loading them into a keyring and adding a new one. New files are
 * sealed to the newest; old generations stay as long as a file names them.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { Storage } from "../storage/storage.ts";
import { DATA_KEYS, dataKeyPath, generationOf, newDataKey, openDataKey } from "./data-key-file.ts";
import type { Keyring } from "./keyring.ts";
import { readMaster } from "./master-keys.ts";
import type { MasterKeys } from "./master-keys.ts";
import { keyringParts } from "./open-keyring.ts";
import type { DataKeys } from "./open-keyring.ts";
import { readSmallObject } from "./small-object.ts";

/** How often others may add the same generation first before that is no coincidence. */
const RACE_ATTEMPTS = 16;

/** Every generation of this repository. Errors: `object-missing` when there is none; `object-damaged`. */
export async function loadDataKeys(
  storage: Storage,
  masters: MasterKeys,
  signal?: AbortSignal,
): Promise<DataKeys> {
  const dataKeys: DataKeys = new Map();
  for await (const { path } of storage.list(DATA_KEYS, signal ? { signal } : {})) {
    if (generationOf(path) === undefined) continue;
    const dataKey = openDataKey(masters, path, await readSmallObject(storage, path, signal));
    if (dataKey !== undefined) dataKeys.set(dataKey.generation, dataKey);
  }
  if (dataKeys.size === 0) {
    throw new HoldfastError(
      "object-missing",
      `Found no data key of this repository in ${storage.location}.`,
      {
        path: DATA_KEYS,
      },
    );
  }
  return dataKeys;
}

/** Takes in the generations that were added since the keyring was opened. Errors as `loadDataKeys`. */
export async function refreshDataKeys(
  storage: Storage,
  keyring: Keyring,
  signal?: AbortSignal,
): Promise<void> {
  const { masters, dataKeys } = keyringParts(keyring);
  for (const [generation, dataKey] of await loadDataKeys(storage, masters, signal)) {
    if (!dataKeys.has(generation)) dataKeys.set(generation, dataKey);
  }
}

/**
 * Adds a generation; from now on this keyring seals to it, others do once they are opened again or refreshed. Answers
 * its number. Errors: `no-read-right`, `storage-*`.
 */
export async function rotateDataKey(
  storage: Storage,
  keyring: Keyring,
  signal?: AbortSignal,
): Promise<number> {
  const { masters, dataKeys } = keyringParts(keyring);
  const read = readMaster(masters, "adding a data key");
  await refreshDataKeys(storage, keyring, signal);
  return await addDataKey(storage, { ...masters, read }, dataKeys, signal);
}

/** Adds the generation after the highest one whose path is taken, whoever took it. */
export async function addDataKey(
  storage: Storage,
  masters: Required<MasterKeys>,
  dataKeys: DataKeys,
  signal?: AbortSignal,
): Promise<number> {
  for (let attempt = 1; attempt <= RACE_ATTEMPTS; attempt++) {
    const generation = (await highestGeneration(storage, signal)) + 1;
    const { dataKey, object } = newDataKey(masters, generation);
    if ((await storage.create(dataKeyPath(generation), object, signal)) === "created") {
      dataKeys.set(generation, dataKey);
      return generation;
    }
  }
  throw new HoldfastError(
    "storage-failed",
    `Failed adding a data key in ${storage.location}: each number tried was taken before.`,
    { path: DATA_KEYS },
  );
}

async function highestGeneration(storage: Storage, signal: AbortSignal | undefined): Promise<number> {
  let highest = 0;
  for await (const { path } of storage.list(DATA_KEYS, signal ? { signal } : {})) {
    highest = generationOf(path) ?? highest;
  }
  return highest;
}
