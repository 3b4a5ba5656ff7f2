/**
 * Wrapping a file's key to a data key: whoever holds the public half can seal a new file, only the private half opens
 * it again. An ephemeral key for each file, so that the writer itself cannot open what it has sealed.
 */
import type { KeyObject } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KEY_BYTES, sealBox, tryOpenBox } from "./box.ts";
import { BOX_KIND } from "./box-kinds.ts";
import { hkdf } from "./derivation.ts";
import { lengthPrefixed } from "./parts.ts";
import { X25519_BYTES, agree, publicOf } from "./x25519.ts";

/** What a wrapping is bound to: it opens for this file of this task of this repository only. */
export interface FileKeyPlace {
  readonly repository: string;
  readonly task: string;
  readonly file: string;
}

export interface Wrapping {
  readonly ephemeral: Buffer;
  readonly sealed: Buffer;
}

/** The wrapping key is bound to everything already. */
const NO_ADDITIONAL = Buffer.alloc(0);

/** `ephemeral`: a private key made for this one wrapping. */
export function wrapFileKey(
  key: Buffer,
  dataKey: Buffer,
  ephemeral: KeyObject,
  place: FileKeyPlace,
): Wrapping {
  const ephemeralPublic = publicOf(ephemeral);
  const wrappingKey = wrappingKeyOf(agree(ephemeral, dataKey), ephemeralPublic, dataKey, place);
  return {
    ephemeral: ephemeralPublic,
    sealed: sealBox(wrappingKey, BOX_KIND.fileKey, 0, NO_ADDITIONAL, key),
  };
}

/** Errors: `object-damaged`, naming the file. */
export function unwrapFileKey(wrapping: Wrapping, privateKey: KeyObject, place: FileKeyPlace): Buffer {
  const shared = tryAgree(privateKey, wrapping.ephemeral);
  const wrappingKey = shared && wrappingKeyOf(shared, wrapping.ephemeral, publicOf(privateKey), place);
  const key = wrappingKey && tryOpenBox(wrappingKey, BOX_KIND.fileKey, 0, NO_ADDITIONAL, wrapping.sealed);
  if (key?.length === BOX_KEY_BYTES) return key;
  throw new HoldfastError(
    "object-damaged",
    `Failed opening the key of file ${place.file} of ${place.task}: it is altered, or belongs to another file or data key.`,
    { task: place.task, path: place.file },
  );
}

function tryAgree(privateKey: KeyObject, ephemeral: Buffer): Buffer | undefined {
  if (ephemeral.length !== X25519_BYTES) return undefined;
  try {
    return agree(privateKey, ephemeral);
  } catch {
    // A public key of small order: nobody honest sealed this.
    return undefined;
  }
}

function wrappingKeyOf(shared: Buffer, ephemeral: Buffer, dataKey: Buffer, place: FileKeyPlace): Buffer {
  const salt = Buffer.concat([ephemeral, dataKey]);
  const info = lengthPrefixed("holdfast file key", place.repository, place.task, place.file);
  return hkdf(shared, salt, info);
}
