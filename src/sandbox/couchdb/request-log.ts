/**
 * Counts requests per method and kind of endpoint, so that a test can say "at most five requests".
 */

/** The endpoint's name: its last reserved segment (`_bulk_get`), or `server`, `database`, `document`, `attachment`. */
export function endpointClass(segments: readonly string[]): string {
  const [first, second, third] = segments;
  if (first === undefined || first === "") return "server";
  if (first.startsWith("_") && !["_users", "_replicator", "_global_changes"].includes(first)) return first;
  if (second === undefined || second === "") return "database";
  if (second === "_partition") return segments[3] ?? "_partition";
  if (second === "_local") return "_local";
  if (second === "_design") return segments.length > 3 ? (segments[3] ?? "") : "document";
  if (second.startsWith("_design/")) return third === undefined ? "document" : third;
  if (second.startsWith("_local/")) return "_local";
  if (second.startsWith("_")) return second;
  return third === undefined ? "document" : "attachment";
}

export class RequestLog {
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
