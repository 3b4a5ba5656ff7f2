/**
 * Which of the configured standbys a person means.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { StandbySettings } from "./members.ts";

export interface StandbyChoice {
  /** Those that are configured. */
  readonly standbys: readonly StandbySettings[];
  /** Names; empty: all. */
  readonly names: readonly string[];
}

/** Errors: `source-unknown` for a name that is not configured, `config-invalid` when there is none at all. */
export function chosenStandbys({ standbys, names }: StandbyChoice): readonly StandbySettings[] {
  if (standbys.length === 0) {
    throw new HoldfastError(
      "config-invalid",
      "No standby is configured: holdfast standby add NAME --source SOURCE --target SOURCE adds one.",
    );
  }
  const known = standbys.map(({ name }) => name).join(", ");
  const unknown = names.find((name) => !standbys.some((standby) => standby.name === name));
  if (unknown !== undefined) {
    throw new HoldfastError("source-unknown", `No standby is called "${unknown}" (configured: ${known}).`);
  }
  return names.length === 0 ? standbys : standbys.filter(({ name }) => names.includes(name));
}
