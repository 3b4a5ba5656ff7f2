/**
 * A blob's address inside its task: a keyed digest of its stored bytes. Equal content has one address; whoever
 * lacks the write right cannot tell from an address whether a known content is kept.
 */
import { createHmac } from "node:crypto";
import type { TaskName } from "../../model/task.ts";
import type { Keyring } from "../sealing/keyring.ts";

/** From the SHA-256 of the stored bytes to 64 hex digits. */
export type BlobId = (sha256: Buffer) => string;

export function blobIds(keyring: Keyring, task: TaskName): BlobId {
  const key = keyring.derive("blob", task);
  return (sha256) => createHmac("sha256", key).update(sha256).digest("hex");
}
