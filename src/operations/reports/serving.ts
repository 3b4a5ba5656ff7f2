/**
 * What a server tells while it serves, and what is due when.
 */

export interface ServeEvent {
  /** `planned`: due times were worked out. `plan-failed`: they could not be; the known ones stay. `began`, `ended`: of a job. */
  readonly event: "planned" | "plan-failed" | "began" | "ended";
  readonly at: string;
  /** `backup prod/orders`, `standby stt`, `check`. */
  readonly job?: string;
  /** `planned`: how many jobs there are. */
  readonly jobs?: number;
  /** When the next job begins, or this one is tried again or due next; null: not known. */
  readonly next?: string | null;
  /** `began`: how long after its regular time. */
  readonly lateMs?: number;
  /** `ended`. */
  readonly ok?: boolean;
  readonly did?: string;
  readonly durationMs?: number;
  readonly error?: { readonly code: string; readonly message: string };
  /** `plan-failed`. */
  readonly message?: string;
}

export interface NextRunRow {
  /** When it begins if nothing is in the way. */
  readonly at: string;
  readonly job: string;
  /** `now`: it is due already. `retry`: it failed before. `regular`. */
  readonly why: "now" | "retry" | "regular";
}
