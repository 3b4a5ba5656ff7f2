/**
 * What operations tell about originals: what was uploaded and the service never gives back.
 */
import type { Evidence } from "../../sources/watson/captures.ts";

/** One listed resource with the original that is kept of it. */
export interface CaptureRow {
  readonly source: string;
  readonly collection: string;
  /** `NAME [ID]` of the model; null for what belongs to none. */
  readonly model: string | null;
  /** `corpora`, `grammars`, `audio`, `prompts`, `speakers`. */
  readonly resource: string;
  readonly name: string;
  /** How the original came here; null: MISSING. */
  readonly evidence: Evidence | null;
  readonly sha256: string | null;
  readonly bytes: number | null;
  /** Why what is kept is not what the service holds; absent when it is. */
  readonly problem?: string;
}

/** One file that was to be registered. */
export interface CaptureAddRow {
  readonly file: string;
  readonly source: string;
  /** `registered`; `kept`: this very content was kept already; `refused`: it does not fit, see `reason`. */
  readonly state: "registered" | "kept" | "refused";
  /** Null where it is not known which resource was meant. */
  readonly collection: string | null;
  readonly model: string | null;
  readonly resource: string | null;
  readonly name: string | null;
  readonly evidence: Evidence | null;
  /** For `refused`. */
  readonly reason?: string;
  readonly hints: readonly string[];
}

/** One kept original, compared with the newest listing. */
export interface CaptureVerifyRow extends CaptureRow {
  /** `proven`: the figures agree now, and the original counts as verified; `differs`: it is not what the service has. */
  readonly outcome: "proven" | "unchanged" | "differs" | "missing";
  readonly hints: readonly string[];
}
