/**
 * Counts requests per method and kind of endpoint, so that a test can say "at most five requests".
 */

export class RequestCounts {
  #counts = new Map<string, number>();

  add(method: string, endpoint: string): void {
    const key = `${method} ${endpoint}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Requests of this kind since the last reset; without arguments all of them. */
  count(method?: string, endpoint?: string): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      const [keyMethod, keyEndpoint] = key.split(" ");
      if (method !== undefined && method !== keyMethod) continue;
      if (endpoint !== undefined && endpoint !== keyEndpoint) continue;
      sum += count;
    }
    return sum;
  }

  /** Such as `{ "POST _bulk_get": 4 }`. */
  all(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  reset(): void {
    this.#counts.clear();
  }
}
