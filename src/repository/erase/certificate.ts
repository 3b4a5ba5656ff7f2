/**
 * Certificates of erasures: what was done to remove one item from the whole history, written when it is done. They name the
 * item by a keyed hash only.
 */
import { createHmac } from "node:crypto";
import type { Millis } from "../../model/clock.ts";
import type { ItemKey } from "../../model/key.ts";
import type { TaskName } from "../../model/task.ts";
import type { Erasure } from "../manifest.ts";
import { erasurePath, erasuresOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { openObject, sealObject } from "../sealed-object.ts";
import type { Keyring } from "../sealing/keyring.ts";

/** An erasure of which nothing is left to be done. */
export interface Certificate extends Erasure {
  readonly completedAt: Millis;
}

/** The keyed hash by which a certificate names an item: 64 hex digits. */
export function itemHash(keyring: Keyring, task: TaskName, key: ItemKey): string {
  return createHmac("sha256", keyring.derive("erasure", task, "item"))
    .update(key)
    .digest("hex");
}

/** Writes a certificate; one of the same erasure may be there already, and stays. Errors: `storage-*`. */
export async function writeCertificate(
  { storage, keyring }: Repository,
  task: TaskName,
  certificate: Certificate,
  signal: AbortSignal,
): Promise<void> {
  const { id } = certificate;
  await storage.create(erasurePath(task, id), sealObject(keyring, placeOf(task, id), certificate), signal);
}

/** Oldest first. Errors: `object-missing`, `object-damaged`, `storage-*`. */
export async function* readCertificates(
  { storage, keyring }: Repository,
  task: TaskName,
  signal: AbortSignal,
): AsyncGenerator<Certificate> {
  for await (const { path } of storage.list(erasuresOf(task), { signal })) {
    const object = await storage.read(path, undefined, signal);
    yield openObject(
      keyring,
      placeOf(task, path.slice(erasuresOf(task).length)),
      path,
      object,
    ) as Certificate;
  }
}

function placeOf(task: TaskName, id: string) {
  return { purpose: "erasure", scope: [task, id] } as const;
}
