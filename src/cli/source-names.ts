/**
 * Which configured sources the words of a command line mean.
 */
import { HoldfastError } from "../model/errors.ts";
import type { Invocation } from "./invocation.ts";

/** The named sources, or all. Errors: `source-unknown`; `config-invalid` when there are none. */
export async function chosenSources(
  invocation: Invocation,
  names: readonly (string | undefined)[],
): Promise<readonly string[]> {
  const config = await invocation.config();
  const { sourceEntry } = await import("../catalog/config/workspace-options.ts");
  const chosen = names.filter((name) => name !== undefined);
  for (const name of chosen) sourceEntry(config, name);
  if (chosen.length > 0) return [...new Set(chosen)];
  if (config.sources.size === 0) {
    throw new HoldfastError(
      "config-invalid",
      `No source is configured in ${config.location.path}: holdfast source add NAME --url URL adds one.`,
    );
  }
  return [...config.sources.keys()];
}
