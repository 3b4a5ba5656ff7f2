/**
 * What a test or a person asks a Watson stand-in to do wrong. The same list is served over HTTP at `/_sandbox/faults`.
 */
import type { FaultTiming, RequestMatch } from "../http/fault-list.ts";
import { FaultList } from "../http/fault-list.ts";
import { badRequest } from "./errors.ts";

/** Which requests a fault is for; absent members match all. `/_sandbox/…` is never matched. */
export interface FaultMatch extends RequestMatch {
  readonly instance?: string;
}

/** What goes wrong. */
export type FaultAction =
  /** Answers with this status before anything is done. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly error?: string;
      /** Seconds, sent as `Retry-After`. */
      readonly retryAfter?: number;
    }
  /** Waits `ms` before anything is done. */
  | { readonly kind: "slow"; readonly ms: number }
  /** Destroys the connection, once `afterBytes` of the request's body (default none) have arrived, before anything is done. */
  | { readonly kind: "cut"; readonly afterBytes?: number }
  /** Executes the request and destroys the connection instead of answering. */
  | { readonly kind: "answer-lost" }
  /** Executes the request and destroys the connection once `bytes` of the answer's body are sent. */
  | { readonly kind: "answer-cut"; readonly bytes: number }
  /** Never answers. */
  | { readonly kind: "hang" };

export type FaultKind = FaultAction["kind"];

/** One fault. */
export type Fault = FaultAction & FaultTiming<FaultMatch>;

const KINDS: ReadonlySet<string> = new Set<FaultKind>([
  "status",
  "slow",
  "cut",
  "answer-lost",
  "answer-cut",
  "hang",
]);

/** The faults of one server. */
export class Faults extends FaultList<FaultAction, FaultMatch> {
  constructor() {
    super(KINDS, badRequest);
  }

  /** The faults that act on this request; asking counts as the request. */
  take(method: string, path: string, instance: string): readonly FaultAction[] {
    return this.acting(method, path, (match) => match.instance === undefined || match.instance === instance);
  }
}
