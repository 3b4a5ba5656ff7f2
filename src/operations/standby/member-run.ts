/**
 * A run of one collection of a standby: what is asked, and what comes of it.
 */
import type { RestoreItemRow, StandbyRunRow } from "../reports.ts";
import type { StandbyMember, StandbySettings } from "./members.ts";

export interface MemberRun {
  readonly standby: StandbySettings;
  readonly member: StandbyMember;
  /** False: only tell what would be done. */
  readonly apply: boolean;
  /** Compare with the second instance even if it has the newest instant already. */
  readonly verify: boolean;
  readonly onItem?: (row: RestoreItemRow) => void;
}

export type Outcome = Omit<
  StandbyRunRow,
  "standby" | "task" | "source" | "collection" | "target" | "durationMs"
>;
