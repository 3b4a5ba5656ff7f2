/**
 * Whether something could be rebuilt from what is kept.
 */

/** `complete`; `degraded`: all data, but something of how it behaved is unknown; `partial`; `lost`: it cannot be rebuilt. */
export type Verdict = "complete" | "degraded" | "partial" | "lost";

/** Whether all of its data is there. */
export function isRecoverable(verdict: Verdict): boolean {
  return verdict === "complete" || verdict === "degraded";
}
