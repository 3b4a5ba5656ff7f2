/**
 * Where a policy's values come from: layers laid over the defaults, the most particular last.
 */
import type { DeltaLevel } from "../level.ts";
import { matchesPattern } from "../pattern.ts";
import { DEFAULT_POLICY, type AnomalyThresholds, type KeepCount, type Policy } from "./policy.ts";

/** What a layer may set; everything else is inherited. */
export type PolicySettings = Partial<Omit<Policy, "keep" | "anomaly">> & {
  readonly keep?: Partial<Readonly<Record<DeltaLevel, KeepCount>>>;
  readonly anomaly?: Partial<AnomalyThresholds>;
};

export interface PolicyLayer {
  /** The collections that it is for: a pattern (`*` any run of characters); absent: all. */
  readonly collections?: string;
  readonly settings: PolicySettings;
  /** Where it was set, for people; by the dotted name of the value (`keep.daily`). */
  readonly origin: (name: string) => string;
}

/** One effective value with where it was set; `default` for none. */
export interface PolicyValue {
  /** Dotted: `keep.daily`. */
  readonly name: string;
  readonly value: string | number | boolean | null;
  readonly origin: string;
}

export interface EffectivePolicy {
  readonly policy: Policy;
  readonly values: readonly PolicyValue[];
}

/** The policy of a collection. `layers`: the most general first. */
export function effectivePolicy(layers: readonly PolicyLayer[], collection: string): EffectivePolicy {
  const values = new Map<string, PolicyValue>();
  const put = (settings: object, origin: (name: string) => string, prefix = ""): void => {
    for (const [member, value] of Object.entries(settings) as [
      string,
      PolicyValue["value"] | object | undefined,
    ][]) {
      const name = prefix + member;
      if (value === undefined) continue;
      if (typeof value === "object" && value !== null) put(value, origin, `${name}.`);
      else values.set(name, { name, value, origin: origin(name) });
    }
  };
  put(DEFAULT_POLICY, () => "default");
  for (const { collections, settings, origin } of layers) {
    if (collections === undefined || matchesPattern(collections, collection)) put(settings, origin);
  }
  return { policy: policyOf(values), values: [...values.values()] };
}

function policyOf(values: ReadonlyMap<string, PolicyValue>): Policy {
  const policy: Record<string, unknown> = { include: {} };
  for (const { name, value } of values.values()) {
    const path = name.split(".");
    let at = policy;
    for (const member of path.slice(0, -1)) at = (at[member] ??= {}) as Record<string, unknown>;
    at[path[path.length - 1] as string] = value;
  }
  return policy as unknown as Policy;
}
