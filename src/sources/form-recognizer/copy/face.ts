/**
 * Copying between two resources: what is asked, what is remembered between runs and what is answered.
 */
import type { CopyLedger } from "../../live-copies.ts";
import type { FormService } from "../service/face.ts";

/** One side of a copy. */
export interface CopySide {
  /** The configured source's name, for messages. */
  readonly name: string;
  readonly service: FormService;
  /** v2.x needs them of the target. */
  readonly resourceId?: string;
  readonly region?: string;
  readonly pollMs: number;
  readonly patienceMs: number;
}

/** Settings of one pair of resources. */
export interface CopySettings {
  /** The person's explicit consent to copy from an encrypted resource into one that is encrypted less (docs/guide/standby.md). */
  readonly allowDowngrade: boolean;
  /** Most superseded copies that are kept of each model, and how long, ms. */
  readonly keepSuperseded: number;
  readonly supersededForMs: number;
  /** How long the copy of a model that is gone from the source is kept, ms. */
  readonly keepGoneMs: number;
}

export interface Pair {
  readonly source: CopySide;
  readonly target: CopySide;
  readonly ledger: CopyLedger;
  readonly settings: CopySettings;
}
