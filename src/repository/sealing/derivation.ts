/**
 * Keys and names derived from a master key: pure functions, described byte by byte in docs/format/keys.md.
 */
import { createHmac, hkdfSync } from "node:crypto";
import type { TaskName } from "../../model/task.ts";
import { BOX_KEY_BYTES } from "./box.ts";
import { lengthPrefixed } from "./parts.ts";

/** Hex digits of a task's name after `backup-`: 128 bits, beyond any chance of two collections meeting. */
const TASK_NAME_DIGITS = 32;

/** HKDF-SHA256 of a 256-bit key. `salt` and `info` as RFC 5869 has them. */
export function hkdf(secret: Buffer, salt: Buffer, info: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, info, BOX_KEY_BYTES));
}

/** A key for one purpose. `repository`: 32 hex digits. */
export function derivedKey(master: Buffer, repository: string, ...parts: readonly string[]): Buffer {
  return hkdf(master, Buffer.from(repository, "hex"), lengthPrefixed(...parts));
}

/** The name of the task that keeps this collection. `key`: derived from the write master for `task-name`. */
export function taskNameOf(key: Buffer, source: string, kind: string, collection: string): TaskName {
  const digest = createHmac("sha256", key)
    .update(lengthPrefixed(source, kind, collection))
    .digest("hex");
  return `backup-${digest.slice(0, TASK_NAME_DIGITS)}`;
}
