/**
 * The keyring of an opened repository, made from its master keys. It shows functions only, so that printing or
 * serialising one gives nothing away; those who add slots and data keys get at the masters through `keyringParts`.
 */
import { randomBytes } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KEY_BYTES } from "./box.ts";
import { dataKeyPath } from "./data-key-file.ts";
import type { DataKey } from "./data-key-file.ts";
import { derivedKey, taskNameOf } from "./derivation.ts";
import { unwrapFileKey, wrapFileKey } from "./file-key.ts";
import type { Keyring } from "./keyring.ts";
import { readMaster } from "./master-keys.ts";
import type { MasterKeys } from "./master-keys.ts";
import { generateX25519 } from "./x25519.ts";

/** The generations a keyring knows; grows when data keys are added. */
export type DataKeys = Map<number, DataKey>;

/** What a keyring was made from, for those who add slots and data keys to the repository. */
export interface KeyringParts {
  readonly masters: MasterKeys;
  readonly dataKeys: DataKeys;
}

const partsOfKeyring = new WeakMap<Keyring, KeyringParts>();

/** The parts of a keyring that `keyringOf` has made. */
export function keyringParts(keyring: Keyring): KeyringParts {
  const parts = partsOfKeyring.get(keyring);
  if (parts === undefined)
    throw new HoldfastError("internal", "This keyring was not opened from a repository.");
  return parts;
}

export function keyringOf(masters: MasterKeys, dataKeys: DataKeys): Keyring {
  const { repository, write } = masters;
  const taskNames = derivedKey(write, repository, "task-name");

  const keyring: Keyring = {
    repository,
    right: masters.read === undefined ? "write" : "read",

    derive: (purpose, ...scope) => derivedKey(write, repository, purpose, ...scope),

    taskName: (source, kind, collection) => taskNameOf(taskNames, source, kind, collection),

    newFileKey(task, file) {
      const generation = Math.max(...dataKeys.keys());
      const dataKey = knownDataKey(dataKeys, generation);
      const key = randomBytes(BOX_KEY_BYTES);
      const ephemeral = generateX25519().privateKey;
      const wrapping = wrapFileKey(key, dataKey.publicKey, ephemeral, { repository, task, file });
      return { key, wrapped: { generation, ...wrapping } };
    },

    openFileKey(task, file, wrapped) {
      readMaster(masters, `reading ${task}`);
      const { privateKey } = knownDataKey(dataKeys, wrapped.generation);
      if (privateKey === undefined)
        throw new HoldfastError("internal", "A read keyring lacks a private data key.");
      return unwrapFileKey(wrapped, privateKey, { repository, task, file });
    },
  };
  partsOfKeyring.set(keyring, { masters, dataKeys });
  return keyring;
}

function knownDataKey(dataKeys: DataKeys, generation: number): DataKey {
  const dataKey = dataKeys.get(generation);
  if (dataKey !== undefined) return dataKey;
  throw new HoldfastError(
    "object-missing",
    `Data key ${generation} was not in the repository when it was opened: it was added since, or its file is lost.`,
    { path: dataKeyPath(generation) },
  );
}
