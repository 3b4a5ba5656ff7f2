/**
 * Where applications find what is kept, in a standby. Only the standby is asked: the source may be gone.
 */
import type { Millis } from "../../model/clock.ts";
import { keyText } from "../../model/key.ts";
import type { MissingItem, RoutedItem, RoutingTable } from "../../model/routing-table.ts";
import { traitsOf } from "../../sources/kinds.ts";
import type { CopyLedger, Route } from "../../sources/live-copies.ts";
import type { Difference, VersionReader } from "../../sources/source.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { openIds } from "../restore/ids.ts";
import { scopeReader } from "../restore/scope.ts";
import { sourceContext } from "../source-context.ts";
import type { Workspace } from "../workspace.ts";
import type { StandbyMember, StandbySettings } from "./members.ts";

/** One collection of a standby, at one instant. */
export interface RoutedMember {
  readonly standby: StandbySettings;
  readonly member: StandbyMember;
  readonly timeline: Timeline;
  readonly instant: Millis;
}

export interface Routes {
  readonly routes: readonly RoutedItem[];
  readonly missing: readonly MissingItem[];
}

/** Differences of one object that are named; all are counted. */
const DIFFERENCES_NAMED = 3;

/** For kinds whose service copies. Errors: `source-*`, `object-*`. */
export async function copiedRoutes(
  workspace: Workspace,
  { standby, member, timeline, instant }: RoutedMember,
  ledger: CopyLedger,
  hooks: Hooks,
): Promise<Routes> {
  const routes: RoutedItem[] = [];
  const missing: MissingItem[] = [];
  const reader = scopeReader(timeline, timeline.at(instant), member.scope, signalOf(hooks));
  const context = sourceContext(workspace, "standby", `${standby.target}/${member.collection}`, hooks);
  for await (const route of workspace.source(standby.target).copies?.routes({ ledger, reader }, context) ??
    []) {
    if (route.state === "missing" || route.target === undefined)
      missing.push(missingItem(route, member.collection));
    else routes.push(routedItem(route, route.state, route.target, member.collection));
  }
  return { routes, missing };
}

/** For kinds that are rebuilt from the timeline: ids from the map, what is there from a comparison. Errors: `source-*`, `object-*`. */
export async function mappedRoutes(
  workspace: Workspace,
  { standby, member, timeline, instant }: RoutedMember,
  hooks: Hooks,
): Promise<Routes> {
  const { target } = standby;
  const { collection } = member;
  const signal = signalOf(hooks);
  const ids = await openIds(workspace, timeline, target, false, hooks);
  const reader = scopeReader(timeline, timeline.at(instant), member.scope, signal);
  const objects = await addressedObjects(workspace, standby, reader);
  const differing = new Map<string, Difference[]>();
  const events = workspace
    .source(target)
    .compare(
      { target: collection, reader, whole: false, ...(ids === undefined ? {} : { ids }) },
      sourceContext(workspace, "standby", `${target}/${collection}`, hooks),
    );
  for await (const event of events) {
    if (event.kind !== "difference" || event.difference.difference === "extra") continue;
    const object = ownerOf(keyText(event.difference.key), objects);
    if (object === undefined) continue;
    const known = differing.get(object) ?? [];
    if (known.length === 0) differing.set(object, known);
    known.push(event.difference);
  }
  const routes: RoutedItem[] = [];
  const missing: MissingItem[] = [];
  const again = (item: string): string =>
    `\`holdfast restore ${standby.source}/${collection} --prefix '${item}' --to-source ${target}\` makes it there`;
  for (const [item, { group, kept }] of objects) {
    const differences = differing.get(item) ?? [];
    const isAbsent = differences.some(
      ({ key, difference }) => difference === "missing" && keyText(key) === item,
    );
    const id = ids?.get(group, kept);
    if (id === undefined || isAbsent) {
      const why = isAbsent ? "it is not in the standby" : "it was never brought to the standby";
      missing.push({ item, collection, detail: `${why}; ${again(item)}` });
      continue;
    }
    const detail = differences.length === 0 ? {} : { detail: detailOf(item, differences) };
    routes.push({
      item,
      collection,
      state: differences.length === 0 ? "ready" : "older",
      target: id,
      kept,
      ...detail,
    });
  }
  return { routes, missing };
}

/** How applications reach the second instance. Errors: `source-unknown`. */
export function addressOf(workspace: Workspace, { target }: StandbySettings): RoutingTable["target"] {
  const address = workspace.source(target).copies?.address;
  return { name: target, ...(address ?? { endpoint: workspace.settings(target).options.url }) };
}

type Addressed = ReadonlyMap<string, { readonly group: string; readonly kept: string }>;

/** What applications name by an id, in byte order of key. */
async function addressedObjects(
  workspace: Workspace,
  { source }: StandbySettings,
  reader: VersionReader,
): Promise<Addressed> {
  const { addressed } = traitsOf(workspace.settings(source).options.kind);
  const objects = new Map<string, { readonly group: string; readonly kept: string }>();
  for await (const versions of reader.versions()) {
    for (const { kind, key } of versions) {
      const id = kind === "live" ? addressed?.(key) : undefined;
      if (id !== undefined) objects.set(keyText(key), id);
    }
  }
  return objects;
}

/** The object that a key belongs to: itself, or what it hangs below. */
function ownerOf(key: string, objects: Addressed): string | undefined {
  for (let end = key.length; end > 0; end = key.lastIndexOf("/", end - 1)) {
    const owner = key.slice(0, end);
    if (objects.has(owner)) return owner;
  }
  return undefined;
}

function detailOf(item: string, differences: readonly Difference[]): string {
  const named = differences.slice(0, DIFFERENCES_NAMED).map(({ key, detail }) => {
    const part = keyText(key).slice(item.length + 1);
    return part === "" ? detail : `${part}: ${detail}`;
  });
  const others = differences.length - named.length;
  return `${named.join("; ")}${others > 0 ? `; and ${others} more` : ""}`;
}

function routedItem(
  route: Route,
  state: RoutedItem["state"],
  target: string,
  collection: string,
): RoutedItem {
  const { level, expires, renamed, detail } = route;
  return {
    item: keyText(route.key),
    collection,
    state,
    target,
    ...(level === undefined ? {} : { level }),
    ...(expires === undefined ? {} : { expires: new Date(expires).toISOString() }),
    ...(renamed === undefined ? {} : { renamed }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function missingItem({ key, detail }: Route, collection: string): MissingItem {
  return { item: keyText(key), collection, detail: detail ?? "no copy of it is in the standby" };
}
