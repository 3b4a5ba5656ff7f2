/**
 * Faults on demand: what a test or a person asks this server to do wrong. A fault waits for a request that it matches and then
 * acts a given number of times. The same list is served over HTTP at `/_sandbox/faults`.
 */
import type { FaultTiming, RequestMatch } from "../http/fault-list.ts";
import { FaultList } from "../http/fault-list.ts";
import { badRequest } from "./errors.ts";

/** Which requests a fault is for; absent members match all. `/_sandbox/…` is never matched. */
export interface FaultMatch extends RequestMatch {
  readonly db?: string;
}

/** What goes wrong. */
export type FaultAction =
  /** Answers at once with this status; for 429 with `Retry-After` and `X-Cloudant-Request-Class`. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly error?: string;
      readonly reason?: string;
      /** Seconds. */
      readonly retryAfter?: number;
    }
  /** Destroys the connection once `bytes` of the answer's body are sent. */
  | { readonly kind: "cut"; readonly bytes: number }
  /** Waits `ms` before the answer, then sends at most `bytesPerSecond`. */
  | { readonly kind: "slow"; readonly ms?: number; readonly bytesPerSecond?: number }
  /** Every `every`th entry (default each) of a `_bulk_get` becomes an `internal_fabric_error` inside the 200. */
  | { readonly kind: "bulk-get-error"; readonly every?: number; readonly id?: string }
  /** A `_changes` with a `since` answers as from `changes` rows earlier (default: from zero). */
  | { readonly kind: "rewind"; readonly changes?: number }
  /** Feed rows come in another order, or every `every`th (default each) twice. */
  | { readonly kind: "shuffle" }
  | { readonly kind: "duplicate"; readonly every?: number }
  /** `_changes` without `pending`, as old servers answer. */
  | { readonly kind: "no-pending" }
  /** Never answers. */
  | { readonly kind: "hang" }
  /** Executes the request and destroys the connection instead of answering. */
  | { readonly kind: "answer-lost" };

export type FaultKind = FaultAction["kind"];

/** One fault. */
export type Fault = FaultAction & FaultTiming<FaultMatch>;

const KINDS: ReadonlySet<string> = new Set<FaultKind>([
  "status",
  "cut",
  "slow",
  "bulk-get-error",
  "rewind",
  "shuffle",
  "duplicate",
  "no-pending",
  "hang",
  "answer-lost",
]);

/** The faults of one server. */
export class Faults extends FaultList<FaultAction, FaultMatch> {
  /** A fault that cannot be added is answered with 400. */
  constructor() {
    super(KINDS, badRequest);
  }

  /** The faults that act on this request; asking counts as the request. */
  take(method: string, path: string, db: string | undefined): FaultAction[] {
    return this.acting(method, path, (match) => match.db === undefined || match.db === db);
  }
}
