/**
 * One copy: what is asked for, and how it ends.
 */
import type { CopyStep } from "../../live-copies.ts";
import type { StandIn } from "../equivalence.ts";
import type { ModelDetails } from "../service/face.ts";
import type { Refusal } from "./refusals.ts";
import type { Way } from "./ways.ts";

export interface Wish {
  /** As the source shows it now. */
  readonly model: ModelDetails;
  /** The id that the copy should have where it can be chosen. Default: the original's. */
  readonly wanted?: string;
  /** How it comes into the target. Default: the service copies it. */
  readonly way?: Way;
  /** Ids of the parts of a composed model in the target. */
  readonly standIn?: StandIn;
}

export type CopyEnd =
  | {
      readonly state: "verified";
      readonly step: CopyStep;
      /** Why it is not more than there. */
      readonly differences: readonly string[];
    }
  | Refusal;
