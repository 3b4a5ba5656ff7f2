/**
 * What a check finds: a place, what is wrong there, and whose versions are concerned.
 */
import { isHoldfastError, type HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";

/** Something found. Where the items concerned are known they are named, else described. */
export interface CheckFinding {
  readonly severity: "error" | "warning" | "note";
  /** `object-missing`, `object-damaged`, `chain-broken`, `unreferenced`, `condemned`. */
  readonly code: string;
  readonly task: TaskName;
  readonly path: string;
  readonly message: string;
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  readonly items: readonly string[];
}

/** A finding about a path, without what was found. */
export function blank(task: TaskName, path: string) {
  return { task, path, runs: [], instants: [], items: [] } as const;
}

/** Damage as a finding; what is no damage is thrown on. */
export function damageFinding(task: TaskName, path: string, error: unknown): CheckFinding {
  if (!isHoldfastError(error, "object-damaged", "object-missing", "repository-newer")) throw error;
  const { code, message }: HoldfastError = error;
  return { ...blank(task, path), severity: "error", code, message };
}
