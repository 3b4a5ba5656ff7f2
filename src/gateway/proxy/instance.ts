/**
 * One service instance while the gateway runs.
 */
import type { InstanceCounts, InstanceKind, InstanceOptions } from "../options.ts";
import { Upstream } from "./upstream.ts";

export interface Instance {
  readonly source: string;
  readonly kind: InstanceKind;
  readonly prefix: string;
  readonly upstream: Upstream;
  readonly counts: InstanceCounts;
}

export function newInstance(options: InstanceOptions): Instance {
  const { source, kind, prefix } = options;
  const counts: InstanceCounts = {
    requests: 0,
    accepted: 0,
    dropped: 0,
    uncertain: 0,
    refused: 0,
    incomplete: 0,
    committed: 0,
    unknownWrites: 0,
    webSockets: 0,
  };
  return { source, kind, prefix, upstream: new Upstream(options), counts };
}
