/**
 * What a test or a person asks the Form Recognizer stand-in to do wrong. The same list is served over HTTP at `/_sandbox/faults`.
 */
import type { FaultAction as HttpFaultAction } from "../http/fault-actions.ts";
import { FAULT_KINDS } from "../http/fault-actions.ts";
import type { FaultTiming, RequestMatch } from "../http/fault-list.ts";
import { FaultList } from "../http/fault-list.ts";
import { plainError } from "./errors.ts";

/** Which requests a fault is for; absent members match all. `/_sandbox/…` is never matched. */
export interface FaultMatch extends RequestMatch {
  /** Name of a resource. */
  readonly resource?: string;
}

export type FaultAction =
  | HttpFaultAction
  /** Executes the request and answers with this status instead. */
  | { readonly kind: "status-after"; readonly status: number; readonly error?: string }
  /** What the request begins (a copy, training or build) never gets further than this; default `running`. */
  | { readonly kind: "stuck"; readonly at?: "notStarted" | "running" }
  /** What the request begins ends failed with this error. */
  | { readonly kind: "fails"; readonly code: string; readonly message: string };

export type FaultKind = FaultAction["kind"];

/** One fault. */
export type Fault = FaultAction & FaultTiming<FaultMatch>;

/** The faults of all resources of one stand-in. */
export class Faults extends FaultList<FaultAction, FaultMatch> {
  constructor() {
    super(new Set<string>([...FAULT_KINDS, "status-after", "stuck", "fails"]), (reason) =>
      plainError(400, "400", reason),
    );
  }

  /** The faults that act on this request; asking counts as the request. */
  take(method: string, path: string, resource: string): readonly FaultAction[] {
    return this.acting(method, path, (match) => match.resource === undefined || match.resource === resource);
  }
}
