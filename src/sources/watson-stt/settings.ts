/**
 * The switches of a restore of custom models; see docs/guide/watson.md.
 */
import { HoldfastError } from "../../model/errors.ts";

export interface RestoreSettings {
  /** Whether to train; undefined: where the model was trained at the instant. */
  readonly train: boolean | undefined;
  /** Empty a model that is still there and write everything anew. */
  readonly reset: boolean;
  /** False: the service may skip what it cannot use when it trains. */
  readonly strict: boolean | undefined;
  /** Base models that take the place of others. */
  readonly baseModels: ReadonlyMap<string, string>;
  /** `mapped`: models of the target that no restore has made stay, whatever happens to newer items. */
  readonly surplus: "mapped" | "all";
}

/** Errors: `usage`. */
export function restoreSettings(settings: Readonly<Record<string, unknown>> = {}): RestoreSettings {
  const baseModels = settings["baseModels"] ?? {};
  if (typeof baseModels !== "object" || baseModels === null)
    throw unusable("baseModels", "names and successors");
  const pairs = Object.entries(baseModels as Record<string, unknown>).map(([from, to]) => {
    if (typeof to !== "string" || to === "") throw unusable("baseModels", "names and successors");
    return [from, to] as const;
  });
  return {
    train: optionalSwitch(settings, "train"),
    reset: optionalSwitch(settings, "reset") ?? false,
    strict: optionalSwitch(settings, "strict"),
    baseModels: new Map(pairs),
    surplus: settings["surplus"] === "mapped" ? "mapped" : "all",
  };
}

function optionalSwitch(settings: Readonly<Record<string, unknown>>, name: string): boolean | undefined {
  const value = settings[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw unusable(name, "true or false");
}

function unusable(name: string, expected: string): HoldfastError {
  return new HoldfastError("usage", `The restore setting ${name} must be ${expected}.`);
}
