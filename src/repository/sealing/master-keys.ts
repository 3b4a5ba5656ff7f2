/**
 * The two secrets of a repository, from which every other key follows: the write master and the read master. Key
 * slots keep them; nothing else does.
 */
import { randomBytes } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KEY_BYTES } from "./box.ts";

export interface MasterKeys {
  /** 32 hex digits. */
  readonly repository: string;
  /** 32 bytes. */
  readonly write: Buffer;
  /** 32 bytes; absent with the write right alone. */
  readonly read?: Buffer;
}

export function newMasterKeys(repository: string): Required<MasterKeys> {
  return { repository, write: randomBytes(BOX_KEY_BYTES), read: randomBytes(BOX_KEY_BYTES) };
}

/** The read master. `act`: what needs it, for the message. Errors: `no-read-right`. */
export function readMaster(masters: MasterKeys, act: string): Buffer {
  if (masters.read !== undefined) return masters.read;
  throw new HoldfastError(
    "no-read-right",
    `Refused ${act}: the key that opened the repository may only write.`,
  );
}
