/**
 * The switches of a standby of models; see docs/guide/form-recognizer.md.
 */
import { HoldfastError } from "../../../model/errors.ts";
import type { CopySettings } from "./face.ts";

const DAY_MS = 86_400_000;

/** Superseded copies of each model that are kept: one, so that a bad training can be answered by going back. */
const DEFAULT_KEEP_SUPERSEDED = 1;
const DEFAULT_SUPERSEDED_FOR_DAYS = 7;
/** Copies of models that the source has no more: long enough to notice that one was deleted by mistake. */
const DEFAULT_KEEP_GONE_DAYS = 30;

const NAMES = ["allowDowngrade", "keepSuperseded", "supersededForDays", "keepGoneDays"];

/** Errors: `usage`. */
export function copySettings(settings: Readonly<Record<string, unknown>>): CopySettings {
  const unknown = Object.keys(settings).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) {
    throw new HoldfastError(
      "usage",
      `A standby of Form Recognizer has no setting ${unknown}; there are ${NAMES.join(", ")}.`,
    );
  }
  const allowDowngrade = settings["allowDowngrade"] ?? false;
  if (typeof allowDowngrade !== "boolean") throw unusable("allowDowngrade", "true or false");
  const keepSuperseded = numberOf(settings, "keepSuperseded", DEFAULT_KEEP_SUPERSEDED);
  if (!Number.isInteger(keepSuperseded)) throw unusable("keepSuperseded", "a whole number");
  return {
    allowDowngrade,
    keepSuperseded,
    supersededForMs: numberOf(settings, "supersededForDays", DEFAULT_SUPERSEDED_FOR_DAYS) * DAY_MS,
    keepGoneMs: numberOf(settings, "keepGoneDays", DEFAULT_KEEP_GONE_DAYS) * DAY_MS,
  };
}

function numberOf(settings: Readonly<Record<string, unknown>>, name: string, standard: number): number {
  const value = settings[name] ?? standard;
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw unusable(name, "a number, 0 or more");
  return value;
}

function unusable(name: string, expected: string): HoldfastError {
  return new HoldfastError("usage", `The standby's setting ${name} must be ${expected}.`);
}
