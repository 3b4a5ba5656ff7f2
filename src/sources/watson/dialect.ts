/**
 * How the Watson speech services word their refusals, and which of them may pass.
 */
import type { ServiceDialect } from "../http/answer-failure.ts";

/** 500 is passing here: the services answer it under load. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

export const watsonDialect: ServiceDialect = {
  explain(_status, body) {
    try {
      const parsed = JSON.parse(body) as unknown;
      if (typeof parsed === "object" && parsed !== null) {
        const { error, code_description: description } = parsed as Record<string, unknown>;
        return { error: textOf(description), reason: textOf(error) };
      }
    } catch {
      // Not the service's own words but a proxy's page: the status has to do.
    }
    return { error: "", reason: "" };
  },
  passing: (status) => PASSING_STATUSES.has(status),
};

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}
