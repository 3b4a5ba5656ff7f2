/**
 * What `doctor` says about one thing.
 */
export interface DoctorFinding {
  readonly check: string;
  readonly state: "ok" | "warning" | "problem";
  readonly detail: string;
  /** What to do; absent when all is well. */
  readonly fix?: string;
  /** The error's code, where one was met. */
  readonly code?: string;
}
