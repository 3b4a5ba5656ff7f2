/**
 * The items of a timeline gathered by the object that is rebuilt as a whole. A model's items follow each other in the order of keys, so one
 * model at a time is in memory; the services bound how much that is.
 */
import type { ItemKey } from "../../model/key.ts";
import type { Version } from "../../model/version.ts";
import { modelKey, parseKey, RESOURCE_KINDS, type Named, type ResourceKind, type WatsonKey } from "./keys.ts";

export interface GroupedResource {
  readonly of: string;
  readonly version: Version;
}

/** Everything kept of one model, deletions included. */
export interface ModelGroup {
  readonly kind: "model";
  readonly named: Named;
  /** The model's own key, whether or not its item is among the chosen ones. */
  readonly key: ItemKey;
  /** Absent when only some of its resources were chosen. */
  readonly version: Version | undefined;
  readonly resources: Readonly<Record<ResourceKind, readonly GroupedResource[]>>;
}

/** What belongs to no model: a speaker, a job, a capture, or a key of no known shape. */
export interface SingleItem {
  readonly kind: "single";
  readonly parsed: Exclude<WatsonKey, { kind: "model" | "resource" }> | undefined;
  readonly version: Version;
}

/** In byte order of key. */
export async function* groupByModel(
  versions: AsyncIterable<readonly Version[]>,
): AsyncGenerator<ModelGroup | SingleItem> {
  let group: OpenGroup | undefined;
  for await (const batch of versions) {
    for (const version of batch) {
      const parsed = parseKey(version.key);
      if (parsed === undefined || (parsed.kind !== "model" && parsed.kind !== "resource")) {
        if (group !== undefined) yield group;
        group = undefined;
        yield { kind: "single", parsed, version };
        continue;
      }
      const named = { id: parsed.id, name: parsed.name };
      if (group === undefined || group.named.id !== named.id || group.named.name !== named.name) {
        if (group !== undefined) yield group;
        group = openGroup(named);
      }
      if (parsed.kind === "model") group.version = version;
      else group.resources[parsed.resource].push({ of: parsed.of, version });
    }
  }
  if (group !== undefined) yield group;
}

interface OpenGroup extends ModelGroup {
  version: Version | undefined;
  readonly resources: Record<ResourceKind, GroupedResource[]>;
}

function openGroup(named: Named): OpenGroup {
  const resources = Object.fromEntries(RESOURCE_KINDS.map((kind) => [kind, []])) as unknown as Record<
    ResourceKind,
    GroupedResource[]
  >;
  return { kind: "model", named, key: modelKey(named), version: undefined, resources };
}
