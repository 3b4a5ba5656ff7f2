/**
 * What operations tell about standbys.
 */
import type { RestoreItemRow } from "./restores.ts";

export type { MissingItem, RoutedItem, RoutingTable } from "../../model/routing-table.ts";

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
  /** What the operator must hear; absent: nothing. */
  readonly warnings?: readonly string[];
  /** The routing table as of this run, for kinds whose service copies; `generation` as in `RoutingTable`. */
  readonly routes?: {
    readonly generation: number | null;
    readonly ready: number;
    readonly older: number;
    readonly missing: number;
  };
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
  /** What the last published routing table says, for kinds whose service copies; absent: none was published. */
  readonly copies?: StandbyCopies;
}

export interface StandbyCopies {
  /** Of the routing table. */
  readonly generation: number | null;
  /** Items whose newest kept state is in the standby. */
  readonly ready: number;
  /** Items of which only an earlier state is there. */
  readonly older: number;
  readonly missing: number;
  /** Copies that have expired. */
  readonly expired: number;
  /** Copies that expire within 60 days: only building them again prolongs their life. */
  readonly expiring: number;
  readonly nextExpiry: string | null;
}
