/**
 * What a test or a person asks a Watson stand-in to do wrong. The same list is served over HTTP at `/_sandbox/faults`.
 */
import type { FaultAction } from "../http/fault-actions.ts";
import { FAULT_KINDS } from "../http/fault-actions.ts";
import type { FaultTiming, RequestMatch } from "../http/fault-list.ts";
import { FaultList } from "../http/fault-list.ts";
import { badRequest } from "./errors.ts";

export type { FaultAction, FaultKind } from "../http/fault-actions.ts";

/** Which requests a fault is for; absent members match all. `/_sandbox/…` is never matched. */
export interface FaultMatch extends RequestMatch {
  readonly instance?: string;
}

/** One fault. */
export type Fault = FaultAction & FaultTiming<FaultMatch>;

/** The faults of one server. */
export class Faults extends FaultList<FaultAction, FaultMatch> {
  constructor() {
    super(new Set<string>(FAULT_KINDS), badRequest);
  }

  /** The faults that act on this request; asking counts as the request. */
  take(method: string, path: string, instance: string): readonly FaultAction[] {
    return this.acting(method, path, (match) => match.instance === undefined || match.instance === instance);
  }
}
