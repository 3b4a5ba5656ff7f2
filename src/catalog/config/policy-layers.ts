/**
 * Policies of a configuration file: top of the file, source, pattern of collections, one collection; each value with the place
 * where it stands.
 */
import { periodText } from "../../model/policy/duration.ts";
import { effectivePolicy, type PolicyLayer, type PolicyValue } from "../../model/policy/layers.ts";
import { placeText, type ConfigDocument, type MemberPath } from "./document.ts";
import type { Origin, Setting } from "./effective.ts";
import { policySettings, type PolicyEntry } from "./policy-schema.ts";

/** A source's layers, the most general first. */
export function policyLayers(document: ConfigDocument | undefined, source: string): PolicyLayer[] {
  if (document === undefined) return [];
  const { policy, sources } = document.value;
  const entry = sources?.[source];
  const layers: PolicyLayer[] = [];
  const add = (settings: PolicyEntry | undefined, member: MemberPath, collections?: string): void => {
    if (settings === undefined) return;
    const origin = (name: string): string =>
      placeText(document.path, document.placeOf([...member, ...name.split(".")]));
    layers.push({
      settings: policySettings(settings),
      origin,
      ...(collections === undefined ? {} : { collections }),
    });
  };
  add(policy, ["policy"]);
  add(entry?.policy, ["sources", source, "policy"]);
  const tasks = Object.entries(entry?.tasks ?? {});
  for (const [name, task] of tasks.sort(([a], [b]) => particularity(a) - particularity(b))) {
    add(task.policy, ["sources", source, "tasks", name, "policy"], name);
  }
  return layers;
}

/** A name counts before every pattern, wherever it stands. */
function particularity(name: string): number {
  return name.includes("*") ? 0 : 1;
}

/** The effective policy of a source, or of one of its collections, as settings under `prefix`. */
export function policySettingsOf(
  document: ConfigDocument | undefined,
  source: string,
  prefix: string,
  collection?: string,
): Setting[] {
  const layers = policyLayers(document, source);
  const chosen =
    collection === undefined ? layers.filter(({ collections }) => collections === undefined) : layers;
  return effectivePolicy(chosen, collection ?? "").values.map((value) => ({
    name: `${prefix}.${value.name}`,
    value: policyText(value),
    origin: originOf(value),
  }));
}

const PERIODS = new Set(["every", "cleanupAfter"]);

/** A value as the file writes it. */
function policyText({ name, value }: Pick<PolicyValue, "name" | "value">): string | number | boolean {
  if (value === null) return name === "cleanupAfter" ? "never" : "unlimited";
  return typeof value === "number" && PERIODS.has(name) ? periodText(value) : value;
}

function originOf({ origin }: PolicyValue): Origin {
  return origin === "default" ? { kind: "default", place: "" } : { kind: "file", place: origin };
}
