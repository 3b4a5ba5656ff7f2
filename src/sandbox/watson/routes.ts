/**
 * The table of a service's calls: method, pattern and handler, and which of them a request means.
 */
import { methodNotAllowed, noSuchRoute } from "./errors.ts";
import type { Exchange } from "./exchange.ts";

/** The names in braces of a pattern. */
type ParameterNames<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never;

/** Path parameters, decoded once. */
export type Parameters<Pattern extends string> = Readonly<Record<ParameterNames<Pattern>, string>>;

export interface Route {
  readonly method: string;
  /** Such as `/v1/customizations/{id}/words/{word}`. */
  readonly pattern: string;
  readonly segments: readonly string[];
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
    segments: pattern.slice("/v1/".length).split("/"),
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
  const allowed: string[] = [];
  for (const candidate of routes) {
    const params = parametersOf(candidate, segments);
    if (params === undefined) continue;
    if (candidate.method === method) return { route: candidate, params };
    allowed.push(candidate.method);
  }
  throw allowed.length === 0 ? noSuchRoute() : methodNotAllowed([...new Set(allowed)]);
}

function parametersOf(candidate: Route, segments: readonly string[]): Record<string, string> | undefined {
  if (candidate.segments.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, expected] of candidate.segments.entries()) {
    const segment = segments[index] ?? "";
    if (expected.startsWith("{")) params[expected.slice(1, -1)] = segment;
    else if (expected !== segment) return undefined;
  }
  return params;
}
