/**
 * Sealing the master keys for one credential and opening them again, for each kind of slot. A slot that does not open
 * with a credential is no error here: the next one may.
 */
import { createHash, randomBytes } from "node:crypto";
import { Decrypter, Encrypter } from "age-encryption";
import { HoldfastError } from "../../model/errors.ts";
import { BOX_KIND } from "./box-kinds.ts";
import { sealBox, tryOpenBox } from "./box.ts";
import { identitiesIn } from "./credentials.ts";
import type { Credential, NewSlot } from "./credentials.ts";
import type { MasterKeys } from "./master-keys.ts";
import { DEFAULT_KDF, SALT_BYTES, isBoundedCost, passphraseKey } from "./passphrase.ts";
import { SLOT_FORMAT, boundFields, damagedSlot, encodePayload, parsePayload, slotPath } from "./slot-file.ts";
import type { SlotFields, SlotFile } from "./slot-file.ts";

/** The plain fields and the sealed payload of a new slot. `masters`: what the slot gives, so without R for `write`. */
export async function sealSlot(
  masters: MasterKeys,
  slot: string,
  wanted: NewSlot,
  created: string,
): Promise<{ readonly fields: SlotFields; readonly sealed: Buffer }> {
  const { label, right } = wanted;
  const common = {
    format: SLOT_FORMAT,
    repository: masters.repository,
    slot,
    label,
    right,
    created,
  } as const;
  if (wanted.kind === "passphrase") {
    const salt = randomBytes(SALT_BYTES);
    const cost = wanted.kdf ?? DEFAULT_KDF;
    if (!isBoundedCost(cost)) {
      throw new HoldfastError("config-invalid", "The costs of the passphrase's Argon2id are out of bounds.");
    }
    const kdf = { name: "argon2id", salt: salt.toString("base64"), ...cost } as const;
    const fields: SlotFields = { ...common, kind: "passphrase", kdf };
    const key = await passphraseKey(wanted.passphrase, salt, cost);
    return { fields, sealed: sealBox(key, BOX_KIND.keySlot, 0, boundFields(fields), encodePayload(masters)) };
  }
  const fields: SlotFields = { ...common, kind: "age", recipient: wanted.recipient };
  const encrypter = new Encrypter();
  try {
    encrypter.addRecipient(wanted.recipient);
  } catch (error) {
    const message = `${JSON.stringify(wanted.recipient)} is no age recipient (age1…).`;
    throw new HoldfastError("config-invalid", message, {}, error);
  }
  return {
    fields,
    sealed: Buffer.from(await encrypter.encrypt(encodePayload(masters, fieldsDigest(fields)))),
  };
}

/**
 * The master keys in a slot, or undefined when the credential does not open it.
 * Errors: `object-damaged` when it opens and its content is not what was sealed.
 */
export async function openSlot(file: SlotFile, credential: Credential): Promise<MasterKeys | undefined> {
  const path = slotPath(file.slot);
  const sealed = Buffer.from(file.sealed, "base64");
  if (file.kind === "passphrase" && credential.kind === "passphrase") {
    const key = await passphraseKey(credential.passphrase, Buffer.from(file.kdf.salt, "base64"), file.kdf);
    const plain = tryOpenBox(key, BOX_KIND.keySlot, 0, boundFields(file), sealed);
    return plain && parsePayload(path, plain);
  }
  if (file.kind === "age" && credential.kind === "identity") {
    const plain = await tryDecrypt(sealed, credential.identity);
    if (plain === undefined) return undefined;
    const { fields, ...masters } = parsePayload(path, plain);
    // age has no additional data: the digest inside does what it would.
    if (fields !== fieldsDigest(file)) throw damagedSlot(path, "its plain fields were altered");
    return masters;
  }
  return undefined;
}

async function tryDecrypt(sealed: Buffer, identity: string): Promise<Buffer | undefined> {
  const decrypter = new Decrypter();
  for (const each of identitiesIn(identity)) {
    try {
      decrypter.addIdentity(each);
    } catch {
      // Its own message might quote the secret.
      throw new HoldfastError("config-invalid", "The age identity that was given is malformed.");
    }
  }
  try {
    return Buffer.from(await decrypter.decrypt(sealed));
  } catch {
    // Sealed for another recipient or damaged: age does not tell the two apart in a way to rely on.
    return undefined;
  }
}

function fieldsDigest(fields: SlotFields): string {
  return createHash("sha256").update(boundFields(fields)).digest("hex");
}
