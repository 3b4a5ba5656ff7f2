/**
 * How much of a service its client may take: what every kind of source leaves to its operator.
 */
import type { RetryPolicy } from "./backoff.ts";
import type { BudgetLimits } from "./request-budget.ts";

export interface ClientLimits {
  /** Most requests under way at once. */
  readonly parallelism?: number;
  readonly budget?: BudgetLimits;
  /** Longest silence before and inside an answer, ms. */
  readonly requestTimeoutMs?: number;
  /** Share of the service's capacity that is left to others, 0 to 1. */
  readonly headroom?: number;
  readonly retry?: Partial<RetryPolicy>;
}

/** Those that are set, and nothing else of a source's configuration. */
export function limitsOf(config: ClientLimits): ClientLimits {
  const { parallelism, budget, requestTimeoutMs, headroom, retry } = config;
  return {
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(budget === undefined ? {} : { budget }),
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(headroom === undefined ? {} : { headroom }),
    ...(retry === undefined ? {} : { retry }),
  };
}
