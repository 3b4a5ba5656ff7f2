/**
 * What all parts of the stand-in work on.
 */
import type { Millis } from "../../model/clock.ts";
import type { SandboxClock } from "../http/clock.ts";
import type { Jobs } from "./jobs.ts";
import type { ModelStore } from "./model-store.ts";
import type { FormModes } from "./modes.ts";
import type { OperationStore } from "./operation-store.ts";
import type { Resources } from "./resources.ts";
import type { TicketStore } from "./ticket-store.ts";

export interface FormState {
  readonly resources: Resources;
  readonly models: ModelStore;
  readonly tickets: TicketStore;
  readonly operations: OperationStore;
  /** What happens later; a part says in its `…Jobs(state)` function which kinds it does. */
  readonly jobs: Jobs;
  readonly clock: SandboxClock;
  readonly modes: FormModes;
  /** May be changed while the stand-in runs. */
  readonly delays: FormDelays;
  /** Container URL without query → folder that stands for it. */
  readonly containers: ReadonlyMap<string, string>;
}

export interface FormDelays {
  /** How long a copy is `notStarted`, and again as long `running`. */
  copyMs: Millis;
  /** How long a training, build or composition takes. */
  buildMs: Millis;
}

/** UTC, whole seconds, `Z`: as models and operations show times. */
export function wireTime(time: Millis): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, "Z");
}
