/**
 * What a copy is called in a target that lets the caller choose (v3 and later): like the original where that is free, so that applications only
 * change the endpoint; else a name that tells original, state and attempt. A name whose authorisation was lost stays reserved and is never free again.
 */
import { createHash } from "node:crypto";

/** What the service takes as an id. */
const ID_PATTERN = /^[a-zA-Z0-9][a-zA-Z0-9._~-]{1,63}$/;

/** Models of the service itself begin so. */
const PREBUILT = "prebuilt-";

/** Characters of the original's id that a made name keeps: with point, state and attempt it stays below the service's 64. */
const STEM_LENGTH = 40;

/** Hexadecimal digits that tell the state. */
const STATE_LENGTH = 8;

const LETTERS = "abcdefghijklmnopqrstuvwxyz";

/** Names for the copy of one state of a model, the best first, without end. `wanted`: the id that it should have. */
export function* copyNames(wanted: string, version: string): Generator<string, never> {
  if (isUsableId(wanted)) yield wanted;
  const usable = wanted.replaceAll(/[^a-zA-Z0-9._~-]/g, "-");
  const stem = /^[a-zA-Z0-9]/.test(usable) && !isPrebuilt(usable) ? usable : `m${usable}`;
  const digest = createHash("sha256").update(version).digest("hex").slice(0, STATE_LENGTH);
  for (let attempt = 0; ; attempt++) yield `${stem.slice(0, STEM_LENGTH)}.${digest}${letters(attempt)}`;
}

function isUsableId(id: string): boolean {
  return ID_PATTERN.test(id) && !isPrebuilt(id);
}

function isPrebuilt(id: string): boolean {
  return id.toLowerCase().startsWith(PREBUILT);
}

/** `a` … `z`, `ba` …: as many as are needed. */
function letters(attempt: number): string {
  const rest = Math.floor(attempt / LETTERS.length);
  const last = LETTERS[attempt % LETTERS.length] as string;
  return rest === 0 ? last : letters(rest) + last;
}
