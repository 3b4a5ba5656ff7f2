/**
 * When a request is repeated: how often, after which wait. Whether it may be repeated at all is the request's own
 * property and the failure's (see `http-client.ts`).
 */
import { setTimeout as wait } from "node:timers/promises";
import { jitter, type Clock, type Millis } from "../../model/clock.ts";

export interface RetryPolicy {
  /** Tries of one request when the service fails or cannot be reached, the first included. */
  readonly attempts: number;
  /** Tries of one request while the service says that there are too many: it is alive, so patience is longer. */
  readonly throttledAttempts: number;
  /** Wait before the first repetition, ms; doubles with each. */
  readonly baseDelayMs: number;
  /** Longest wait of our own choosing, ms. A longer `Retry-After` is honoured up to `RETRY_AFTER_CAP_MS`. */
  readonly maxDelayMs: number;
}

/** 8 tries wait about 30 s in all: longer than a node's restart, shorter than an operator's patience. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 8,
  throttledAttempts: 20,
  baseDelayMs: 250,
  maxDelayMs: 15_000,
};

/** A service that asks for more than ten minutes (ms) is treated as refusing: the run is continued later instead. */
export const RETRY_AFTER_CAP_MS = 600_000;

/** Wait before repetition number `repetition` (1, 2, …), ms: exponential, between half and all of it at random. */
export function backoffDelay(
  policy: RetryPolicy,
  repetition: number,
  retryAfterMs: number | undefined,
): Millis {
  const exponential = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (repetition - 1));
  const own = exponential * (0.5 + jitter() / 2);
  // Waiting exactly as long as was asked makes all clients come back at once: a little is added at random.
  return retryAfterMs === undefined ? own : Math.max(retryAfterMs + jitter() * policy.baseDelayMs, own);
}

/** `Retry-After` in ms: seconds, or an HTTP date. Undefined when it is absent or makes no sense. */
export function parseRetryAfter(value: string | undefined, clock: Clock): Millis | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - clock.now());
}

/** Waits; an abort ends the wait at once with the signal's reason. */
export async function pause(delayMs: Millis, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await wait(delayMs, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
