/**
 * Names of the files in `tmp/`: so particular that what somebody else keeps in a folder of that name is never taken
 * for a leftover.
 */
import { createHash } from "node:crypto";
import { randomHex } from "../../model/clock.ts";

/** Random bytes in a temporary file's name: no two writers ever meet. */
const NAME_BYTES = 16;
const TEMPORARY_NAME = /^(object-[0-9a-f]{32}|claim-[0-9a-f]{64})$/;

/** For the bytes of an object that has no name yet. */
export function newTemporaryName(): string {
  return `object-${randomHex(NAME_BYTES)}`;
}

/** For the right to name the file `final`, where there are no hard links. */
export function claimNameOf(final: string): string {
  return `claim-${createHash("sha256").update(final).digest("hex")}`;
}

export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME.test(name);
}
