/**
 * The configured standbys, and which sources a command must reach for them.
 */
import type { StandbySettings } from "../operations/standby.ts";
import { HoldfastError } from "../model/errors.ts";
import type { Invocation } from "./invocation.ts";

export async function configuredStandbys(invocation: Invocation): Promise<StandbySettings[]> {
  const [{ document }, { standbySettings }] = await Promise.all([
    invocation.config(),
    import("../catalog/config/standby-settings.ts"),
  ]);
  return standbySettings(document?.value);
}

/** One standby. Errors: `source-unknown`. */
export async function configuredStandby(invocation: Invocation, name: string): Promise<StandbySettings> {
  const standbys = await configuredStandbys(invocation);
  const found = standbys.find((standby) => standby.name === name);
  if (found !== undefined) return found;
  const known = standbys.map((standby) => standby.name).join(", ") || "none";
  throw new HoldfastError("source-unknown", `No standby is called "${name}" (configured: ${known}).`);
}

/** What a run of the named standbys reaches, or of all: where the service itself copies, it is asked at the source. */
export async function reachOfRun(
  invocation: Invocation,
  standbys: readonly StandbySettings[],
  names: readonly string[],
): Promise<string[]> {
  const [{ sources }, { isCopiedKind }] = await Promise.all([
    invocation.config(),
    import("../operations/standby/members.ts"),
  ]);
  const copied = chosen(standbys, names).filter(({ source }) => {
    const kind = sources.get(source)?.kind;
    return kind !== undefined && isCopiedKind(kind);
  });
  return [...new Set([...targetsOf(standbys, names), ...copied.map(({ source }) => source)])];
}

/** The second instances of the named standbys, or of all: the sources themselves are not asked. */
export function targetsOf(standbys: readonly StandbySettings[], names: readonly string[]): string[] {
  return [...new Set(chosen(standbys, names).map(({ target }) => target))];
}

function chosen(standbys: readonly StandbySettings[], names: readonly string[]): StandbySettings[] {
  return standbys.filter(({ name }) => names.length === 0 || names.includes(name));
}
