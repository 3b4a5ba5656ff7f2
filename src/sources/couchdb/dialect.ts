/**
 * How CouchDB and Cloudant word their refusals, and which of them may pass.
 */
import type { ServiceDialect } from "../http/answer-failure.ts";

const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/** Error words of status 500 that mean "try again"; others (`no_majority`, `badmatch`) stay. */
const PASSING_500: ReadonlySet<string> = new Set([
  "",
  "timeout",
  "internal_server_error",
  "unknown_error",
  "all_workers_died",
  "nodedown",
]);

export const couchDialect: ServiceDialect = {
  explain(_status, body) {
    try {
      const parsed = JSON.parse(body) as unknown;
      if (typeof parsed === "object" && parsed !== null) {
        const { error, reason } = parsed as { error?: unknown; reason?: unknown };
        return { error: wordOf(error), reason: wordOf(reason) };
      }
    } catch {
      // Not CouchDB's own words but a proxy's page: the status has to do.
    }
    return { error: "", reason: "" };
  },

  passing(status, error) {
    if (status === 500) return PASSING_500.has(error);
    if (status === 412) return error === "nodedown";
    return PASSING_STATUSES.has(status);
  },
};

function wordOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
