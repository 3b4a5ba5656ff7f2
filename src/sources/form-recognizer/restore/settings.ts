/**
 * The switches of a restore of models; see docs/guide/form-recognizer.md.
 */
import { HoldfastError } from "../../../model/errors.ts";

export interface RestoreSettings {
  /** Train a model again from its kept data where no copy of it can be had. */
  readonly retrain: boolean;
  /** Delete what stands under a model's id in another state, then make the kept one. */
  readonly replace: boolean;
  /** Put training data back into their containers though everything is restored. */
  readonly data: boolean;
  /** Consent to copies from an encrypted standby into a resource that is encrypted less. */
  readonly allowDowngrade: boolean;
}

const SWITCHES = ["retrain", "replace", "data", "allowDowngrade"] as const;

/** Errors: `usage`. */
export function restoreSettings(settings: Readonly<Record<string, unknown>> = {}): RestoreSettings {
  for (const [name, value] of Object.entries(settings)) {
    if (!(SWITCHES as readonly string[]).includes(name)) {
      throw new HoldfastError(
        "usage",
        `There is no restore setting ${name} for Form Recognizer; there are ${SWITCHES.join(", ")}.`,
      );
    }
    if (typeof value !== "boolean") {
      throw new HoldfastError("usage", `The restore setting ${name} must be true or false.`);
    }
  }
  const isOn = (name: (typeof SWITCHES)[number]): boolean => settings[name] === true;
  return {
    retrain: isOn("retrain"),
    replace: isOn("replace"),
    data: isOn("data"),
    allowDowngrade: isOn("allowDowngrade"),
  };
}
