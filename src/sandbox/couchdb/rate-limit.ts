/**
 * Cloudant's throughput limits: reads, writes and global queries per second, each class counted by itself over a sliding
 * second. A request over the limit is refused as a whole with 429.
 */
import { systemClock } from "../../model/clock.ts";
import { CouchError } from "./errors.ts";

export type RequestClass = "lookup" | "write" | "query" | "unlimited";

/** Operations per second; absent: no limit. */
export interface RateLimits {
  readonly reads?: number;
  readonly writes?: number;
  readonly queries?: number;
}

const NAMES = { lookup: "reads", write: "writes", query: "queries" } as const;

export class RateLimiter {
  #limits: RateLimits = {};
  readonly #recent = new Map<RequestClass, { at: number; cost: number }[]>();

  get limits(): RateLimits {
    return this.#limits;
  }

  set(limits: RateLimits): void {
    this.#limits = limits;
    this.#recent.clear();
  }

  /**
   * Counts `cost` operations. A request is admitted while its class is below the limit, and then counted in full, so that one
   * large bulk request is possible but delays what follows. Throws 429.
   */
  admit(requestClass: RequestClass, cost: number): void {
    if (requestClass === "unlimited") return;
    const limit = this.#limits[NAMES[requestClass]];
    if (limit === undefined) return;
    const now = systemClock.now();
    const recent = (this.#recent.get(requestClass) ?? []).filter(({ at }) => now - at < 1000);
    const used = recent.reduce((sum, entry) => sum + entry.cost, 0);
    if (used >= limit) throw tooManyRequests(requestClass, 1);
    recent.push({ at: now, cost });
    this.#recent.set(requestClass, recent);
  }
}

/** Cloudant's 429; `retryAfter` in seconds, absent: no such header. */
export function tooManyRequests(requestClass: RequestClass, retryAfter?: number): CouchError {
  const name = requestClass === "unlimited" ? "lookup" : requestClass;
  return new CouchError(
    429,
    "too_many_requests",
    `You've exceeded your rate limit allowance. Please try again later. Class: ${name}.`,
    {
      "X-Cloudant-Request-Class": name,
      ...(retryAfter === undefined ? {} : { "Retry-After": String(retryAfter) }),
    },
  );
}
