/**
 * The keyed digest of a source's own name for a blob's content: what an unchanged blob is recognised by.
 */
import { createHash } from "node:crypto";
import type { TaskName } from "../model/task.ts";
import type { Keyring } from "./sealing/keyring.ts";

/** 16 bytes: two names of a task never meet by chance. */
const ALIAS_HEX_DIGITS = 32;

/** A function from names to 32 hex digits. Without the write right nothing can be learnt from them. */
export function blobAliases(keyring: Keyring, task: TaskName): (name: string) => string {
  const key = keyring.derive("alias", task);
  return (name) => createHash("sha256").update(key).update(name).digest("hex").slice(0, ALIAS_HEX_DIGITS);
}
