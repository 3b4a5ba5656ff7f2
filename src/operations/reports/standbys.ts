/**
 * What operations tell about standbys.
 */
import type { RestoreItemRow } from "./restores.ts";

export interface StandbyRunRow {
  readonly standby: string;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  /** The source that is the standby. */
  readonly target: string;
  /**
   * `in-step`: it had the newest instant already. `applied`: it has it now. `incomplete`: all but the items in `failures`. `preview`: what
   * would be done. `empty`: nothing has been kept of this collection yet. `failed`: see `error`.
   */
  readonly state: "in-step" | "applied" | "incomplete" | "preview" | "empty" | "failed";
  readonly instant: string | null;
  readonly created: number;
  readonly changed: number;
  readonly deleted: number;
  readonly failed: number;
  /** The first 1,000 items that the standby could not be given. */
  readonly failures: readonly RestoreItemRow[];
  readonly durationMs: number;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface StandbyStatusRow {
  readonly standby: string;
  readonly source: string;
  readonly collection: string;
  readonly target: string;
  /** The instant that the standby has; null: none was applied yet. */
  readonly instant: string | null;
  /** The newest kept instant; null: nothing was kept yet. */
  readonly newest: string | null;
  /** Runs that the standby lacks. */
  readonly behind: number;
  /** Age of what the standby has, ms: what a failover now would lose at most. Null: it has nothing. */
  readonly lagMs: number | null;
  /** Items that it could not be given when it was last run. */
  readonly failed: number;
}
