/**
 * What a server is told by the configuration.
 */
import type { Millis } from "../../model/clock.ts";
import type { Opening } from "../../model/policy/schedule.ts";
import type { StartRules } from "../../schedule/next-start.ts";
import { nextOpening } from "../../schedule/windows.ts";
import type { StandbySettings } from "../standby.ts";
import type { Receivers } from "./tell-others.ts";

export interface ServeSettings extends StartRules {
  readonly parallel: number;
  readonly perSource: number;
  /** How often databases are looked for and due times are worked out anew, ms. */
  readonly lookEveryMs: Millis;
  /** Reading back what is kept, a slice a day; null: not by this server. */
  readonly check: { readonly timeOfDay: string; readonly forMs: Millis } | null;
  readonly standbys: readonly StandbySettings[];
  readonly receivers: Receivers;
}

export function openingOf({ windows, timezone }: StartRules): Opening {
  return (time) => nextOpening(windows, timezone, time);
}
