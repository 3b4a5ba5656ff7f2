/**
 * Faults on demand: what a test or a person asks this server to do wrong. A fault waits for a request that it matches and then
 * acts a given number of times. The same list is served over HTTP at `/_sandbox/faults`.
 */
import { badRequest } from "./errors.ts";

/** Which requests a fault is for; absent members match all. `/_sandbox/…` is never matched. */
export interface FaultMatch {
  readonly method?: string;
  /** Regular expression on the path with its query, as sent. */
  readonly path?: string;
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
export type Fault = FaultAction & {
  readonly match?: FaultMatch;
  /** Matching requests that pass before it acts; 0 by default. */
  readonly after?: number;
  /** How often it acts; without end by default. */
  readonly times?: number;
};

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

interface Armed {
  readonly fault: Fault;
  readonly path: RegExp | null;
  seen: number;
  acted: number;
}

/** The faults of one server. */
export class Faults {
  #armed = new Map<number, Armed>();
  #next = 1;

  /** Adds a fault and returns its number. Throws 400 for an unknown kind or a bad expression. */
  add(fault: Fault): number {
    if (!KINDS.has(fault.kind)) throw badRequest(`unknown fault kind ${fault.kind as string}`);
    let path: RegExp | null = null;
    try {
      path = fault.match?.path === undefined ? null : new RegExp(fault.match.path);
    } catch {
      throw badRequest(`bad regular expression ${fault.match?.path ?? ""}`);
    }
    const number = this.#next++;
    this.#armed.set(number, { fault, path, seen: 0, acted: 0 });
    return number;
  }

  remove(number: number): boolean {
    return this.#armed.delete(number);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** All faults with how often each has acted. */
  list(): { readonly number: number; readonly fault: Fault; readonly acted: number }[] {
    return [...this.#armed].map(([number, { fault, acted }]) => ({ number, fault, acted }));
  }

  /** The faults that act on this request; asking counts as the request. */
  take(method: string, path: string, db: string | undefined): FaultAction[] {
    const acting: FaultAction[] = [];
    for (const armed of this.#armed.values()) {
      const { fault } = armed;
      const { match } = fault;
      if (match?.method !== undefined && match.method.toUpperCase() !== method) continue;
      if (match?.db !== undefined && match.db !== db) continue;
      if (armed.path !== null && !armed.path.test(path)) continue;
      if (armed.seen++ < (fault.after ?? 0)) continue;
      if (armed.acted >= (fault.times ?? Number.POSITIVE_INFINITY)) continue;
      armed.acted++;
      acting.push(fault);
    }
    return acting;
  }
}
