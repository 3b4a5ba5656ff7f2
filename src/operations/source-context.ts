/**
 * What a source is given beside a request, made of what the operation was given.
 */
import type { SourceContext } from "../sources/source.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { Connections } from "./connections.ts";

/** `task`: what progress and warnings are about, `SOURCE/COLLECTION`. */
export function sourceContext(
  connections: Connections,
  operation: "restore" | "compare" | "discover" | "repair" | "standby",
  task: string,
  hooks: Hooks,
): SourceContext {
  return {
    clock: connections.clock,
    signal: signalOf(hooks),
    progress: (progress) => hooks.progress?.({ operation, task, ...progress }),
    warn: (message, item) =>
      hooks.warn?.(`${task}: ${item === undefined ? message : `${message} (${item})`}`),
  };
}
