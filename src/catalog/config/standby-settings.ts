/**
 * The configured standbys as operations take them.
 */
import type { StandbySettings } from "../../operations/standby.ts";
import type { ConfigFile } from "./schema.ts";

type Switches = Omit<StandbySettings, "name" | "source" | "target">;

export function standbySettings(file: ConfigFile | undefined): StandbySettings[] {
  return Object.entries(file?.standbys ?? {}).map(([name, { source, target, ...switches }]) => {
    const set = Object.entries(switches).filter(([, value]) => value !== undefined);
    return { name, source, target, ...(Object.fromEntries(set) as Switches) };
  });
}
