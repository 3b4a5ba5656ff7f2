/**
 * What a caller gives an operation beside its request.
 */
import type { OperationProgress } from "./reports.ts";

export interface Hooks {
  /** Stops the operation at the next safe place. */
  readonly signal?: AbortSignal;
  readonly progress?: (progress: OperationProgress) => void;
  /** Something worth knowing about the answer: one sentence. */
  readonly note?: (text: string) => void;
  /** Something the operator must hear though the operation goes on: one sentence. */
  readonly warn?: (text: string) => void;
}

const NEVER = new AbortController().signal;

/** The caller's signal, or one that never fires. */
export function signalOf(hooks: Hooks): AbortSignal {
  return hooks.signal ?? NEVER;
}
