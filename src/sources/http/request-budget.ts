/**
 * How many requests per second a source may cost its service, so that a backup never takes an application's capacity.
 * Token buckets that hold one second's worth; a request dearer than that is let through on credit and pays afterwards.
 */
import type { Clock } from "../../model/clock.ts";
import { pause } from "./backoff.ts";

/** What a service charges a request as. Cloudant counts each kind apart. */
export type RequestClass = "read" | "write" | "query";

/** Units per second; an absent limit is no limit. */
export interface BudgetLimits {
  /** All requests together. */
  readonly requests?: number;
  readonly reads?: number;
  readonly writes?: number;
  readonly queries?: number;
}

interface Bucket {
  readonly perSecond: number;
  tokens: number;
  filledAt: number;
}

export class RequestBudget {
  readonly #clock: Clock;
  readonly #buckets: Readonly<Record<RequestClass | "request", Bucket | undefined>>;

  /** `headroom`: the share of every limit that is left to others, 0 to 1. */
  constructor(limits: BudgetLimits, headroom: number, clock: Clock) {
    this.#clock = clock;
    const bucket = (limit: number | undefined): Bucket | undefined =>
      limit === undefined
        ? undefined
        : { perSecond: limit * (1 - headroom), tokens: limit * (1 - headroom), filledAt: clock.now() };
    this.#buckets = {
      request: bucket(limits.requests),
      read: bucket(limits.reads),
      write: bucket(limits.writes),
      query: bucket(limits.queries),
    };
  }

  /** Waits until the request may be sent. `units`: documents read or written, as the service counts them. */
  async take(requestClass: RequestClass, units: number, signal: AbortSignal): Promise<void> {
    await this.#draw(this.#buckets.request, 1, signal);
    await this.#draw(this.#buckets[requestClass], units, signal);
  }

  async #draw(bucket: Bucket | undefined, units: number, signal: AbortSignal): Promise<void> {
    if (bucket === undefined || units === 0) return;
    for (;;) {
      const now = this.#clock.now();
      bucket.tokens = Math.min(
        bucket.perSecond,
        bucket.tokens + (bucket.perSecond * Math.max(0, now - bucket.filledAt)) / 1000,
      );
      bucket.filledAt = now;
      const needed = Math.min(units, bucket.perSecond);
      if (bucket.tokens >= needed) {
        bucket.tokens -= units;
        return;
      }
      await pause(Math.ceil(((needed - bucket.tokens) / bucket.perSecond) * 1000), signal);
    }
  }
}
