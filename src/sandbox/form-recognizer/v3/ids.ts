/**
 * Ids of 2022-08-31 and later: those that callers choose for models, and those that the service makes for operations.
 */
import type { Millis } from "../../../model/clock.ts";
import { invalidParameter, modelReadOnly } from "./errors.ts";

const MODEL_ID = /^[a-zA-Z0-9][a-zA-Z0-9._~-]{1,63}$/;
const PREBUILT_PREFIX = "prebuilt-";
/** Unix seconds from which the digits of an operation's id count down: the start of the year 3021. */
const COUNTDOWN_END_SECONDS = 33_166_368_000;
const COUNTDOWN_DIGITS = 11;

/** Newer ids sort before older ones. `guid`: the `apim-request-id` of the answer that began the operation. */
export function operationIdOf(begun: Millis, guid: string): string {
  const left = COUNTDOWN_END_SECONDS - Math.floor(begun / 1000);
  return `${String(left).padStart(COUNTDOWN_DIGITS, "0")}_${guid}`;
}

export function isPrebuilt(id: string): boolean {
  return id.startsWith(PREBUILT_PREFIX);
}

/** Throws 400 unless a caller may give a model or classifier this id. `name`: of the parameter. */
export function checkNewId(name: string, id: string): void {
  if (!MODEL_ID.test(id)) {
    throw invalidParameter(
      name,
      "The id must have 2 to 64 letters, digits, '.', '_', '~' or '-' and begin with a letter or digit.",
    );
  }
  if (isPrebuilt(id)) throw modelReadOnly();
}
