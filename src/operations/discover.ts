/**
 * `source discover` and `source test`: what a source holds and what its credentials may do.
 */
import { matchesPattern } from "../model/pattern.ts";
import type { Discovered, SourceCheck } from "../sources/source.ts";
import type { Hooks } from "./hooks.ts";
import { sourceContext } from "./source-context.ts";
import type { Connections } from "./connections.ts";

export interface DiscoverRequest {
  readonly source: string;
  /** Default: what the source's settings protect. */
  readonly patterns?: readonly string[];
}

/** Collections that exist now and match. Errors: `source-unknown`, `source-*`. */
export async function* discover(
  connections: Connections,
  request: DiscoverRequest,
  hooks: Hooks = {},
): AsyncGenerator<Discovered> {
  const settings = connections.settings(request.source);
  const patterns = request.patterns ?? settings.collections;
  const exclude = request.patterns === undefined ? settings.exclude : [];
  const context = sourceContext(connections, "discover", request.source, hooks);
  for await (const found of connections.source(request.source).discover(patterns, context)) {
    if (!exclude.some((pattern) => matchesPattern(pattern, found.collection))) yield found;
  }
}

/** Reaches the service and says what the credentials may do; changes nothing. Errors: `source-unknown`, `source-*`. */
export async function testSource(
  connections: Connections,
  request: { readonly source: string },
  hooks: Hooks = {},
): Promise<SourceCheck> {
  return connections
    .source(request.source)
    .test(sourceContext(connections, "discover", request.source, hooks));
}
