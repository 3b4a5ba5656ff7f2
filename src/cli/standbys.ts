/**
 * The configured standbys, and which sources a command must reach for them.
 */
import type { StandbySettings } from "../operations/standby.ts";
import type { Invocation } from "./invocation.ts";

export async function configuredStandbys(invocation: Invocation): Promise<StandbySettings[]> {
  const { document } = await invocation.config();
  return Object.entries(document?.value.standbys ?? {}).map(([name, { source, target }]) => ({
    name,
    source,
    target,
  }));
}

/** The second instances of the named standbys, or of all: the sources themselves are not asked. */
export function targetsOf(standbys: readonly StandbySettings[], names: readonly string[]): string[] {
  const chosen = standbys.filter(({ name }) => names.length === 0 || names.includes(name));
  return [...new Set(chosen.map(({ target }) => target))];
}
