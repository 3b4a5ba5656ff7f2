/**
 * The table of a service's calls: method, pattern and handler, and which of them a request means.
 */
import type { CallRow, Parameters } from "../http/path-patterns.ts";
import { findRow, segmentPatterns } from "../http/path-patterns.ts";
import { methodNotAllowed, noSuchRoute } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

export type { Parameters } from "../http/path-patterns.ts";

export interface Route extends CallRow {
  /** Such as `/v1/customizations/{id}/words/{word}`. */
  readonly pattern: string;
  readonly handler: (exchange: Exchange, params: Readonly<Record<string, string>>) => void | Promise<void>;
}

/** One row of the table. The handler answers through the exchange, or throws a `WatsonError`. */
export function route<const Pattern extends `/v1/${string}`>(
  method: string,
  pattern: Pattern,
  handler: (exchange: Exchange, params: Parameters<Pattern>) => void | Promise<void>,
): Route {
  return {
    method,
    pattern,
    segments: segmentPatterns(pattern.slice("/v1/".length)),
    // The pattern's names are exactly the ones that matching fills in.
    handler,
  };
}

export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/** The call that a path means. Throws 405 with `Allow` for a path that other methods have, 404 for one that nobody has. */
export function matchRoute(routes: readonly Route[], method: string, segments: readonly string[]): Match {
  const found = findRow(routes, method, segments);
  if ("route" in found) return found;
  throw found.allowed.length === 0 ? noSuchRoute() : methodNotAllowed(found.allowed);
}
