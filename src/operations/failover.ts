/**
 * `standby failover` and `standby routes`: where applications find what is kept, when the source is gone. Failing over asks the repository
 * and the second instance, never the source, and changes nothing.
 */
import { HoldfastError, isHoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { routesAlike, sealRoutes, type RoutingTable } from "../model/routing-table.ts";
import { readRoutingTable } from "../repository/routing-tables.ts";
import { resolveAsOf } from "./as-of.ts";
import { FileTarget } from "./export/file-target.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { newestTable } from "./standby/newest-table.ts";
import { openLeasedTimeline } from "./leased.ts";
import { chosenStandbys } from "./standby/chosen.ts";
import { openLedger } from "./standby/ledger.ts";
import { membersOf, type StandbyMember, type StandbySettings } from "./standby/members.ts";
import { addressOf, copiedRoutes, mappedRoutes, type Routes } from "./standby/routes.ts";
import type { Workspace } from "./workspace.ts";

/** It holds no secret, and applications of other users read it. */
const TABLE_MODE = 0o644;

export interface FailoverRequest {
  /** Those that are configured. */
  readonly standbys: readonly StandbySettings[];
  readonly name: string;
  /** Default `latest`: which kept instant the applications should find. */
  readonly at?: string;
  /** Where the table is written, whole or not at all; absent: nowhere. */
  readonly out?: string;
}

/**
 * The table as of now. Errors: `source-unknown`, `config-invalid`, `instant-unknown`, `source-*` for a second instance that cannot be asked,
 * `object-*`, `file-failed`.
 */
export async function failover(
  workspace: Workspace,
  { standbys, name, at = "latest", out }: FailoverRequest,
  hooks: Hooks = {},
): Promise<RoutingTable> {
  const standby = oneOf(standbys, name);
  const routes: Routes[] = [];
  const instants: number[] = [];
  const members = membersOf(workspace, standby);
  for (const member of members) {
    const found = await memberRoutes(workspace, standby, member, at, hooks);
    if (found === undefined) continue;
    routes.push(found.routes);
    instants.push(found.instant);
  }
  if (instants.length === 0) {
    throw new HoldfastError(
      "source-unknown",
      `Nothing has been kept of ${standby.source} yet, so there is nothing to look for in ${standby.target}.`,
      { source: standby.source },
    );
  }
  const tableOf = (generation: number | null): RoutingTable =>
    sealRoutes({
      standby: name,
      source: standby.source,
      generation,
      at: new Date(workspace.clock.now()).toISOString(),
      instant: formatInstant(Math.min(...instants)),
      target: addressOf(workspace, standby),
      routes: routes.flatMap((one) => one.routes),
      missing: routes.flatMap((one) => one.missing),
    });
  const published = await newestPublished(workspace, standby, members, hooks);
  const unpublished = tableOf(null);
  const table =
    published !== undefined && routesAlike(published, unpublished)
      ? tableOf(published.generation)
      : unpublished;
  if (out !== undefined) await writeTable(out, table);
  return table;
}

export interface RoutesRequest extends Pick<FailoverRequest, "standbys" | "name"> {
  /** Default: the newest. */
  readonly generation?: number;
}

/** A table that a run has published; asks the repository alone. Errors: `source-unknown`, `config-invalid`, `object-damaged`, `storage-*`. */
export async function publishedRoutes(
  workspace: Workspace,
  { standbys, name, generation }: RoutesRequest,
  hooks: Hooks = {},
): Promise<RoutingTable> {
  const standby = oneOf(standbys, name);
  const { repository } = workspace;
  for (const { task } of membersOf(workspace, standby)) {
    const place = { repository, task, standby: name, signal: signalOf(hooks) };
    const table = await readRoutingTable(place, generation);
    if (table !== undefined) return table;
  }
  throw new HoldfastError(
    "source-unknown",
    `${generation === undefined ? "No routing table" : `No generation ${generation} of the routing table`} of standby ${name} has been ` +
      `published. \`holdfast standby failover ${name}\` makes one from what ${standby.target} has now.`,
  );
}

/** Undefined for a collection of which nothing was kept. */
async function memberRoutes(
  workspace: Workspace,
  standby: StandbySettings,
  member: StandbyMember,
  at: string,
  hooks: Hooks,
): Promise<{ readonly routes: Routes; readonly instant: number } | undefined> {
  const { task } = member;
  try {
    await using leased = await openLeasedTimeline(workspace, task, hooks);
    const { timeline } = leased;
    const { instant } = await resolveAsOf(timeline, at, workspace.clock.now(), hooks, member.scope);
    const routed = { standby, member, timeline, instant };
    const isCopied = workspace.source(standby.target).copies !== undefined;
    const routes = isCopied
      ? await copiedRoutes(workspace, routed, await openLedger(workspace, standby.name, task, hooks), hooks)
      : await mappedRoutes(workspace, routed, hooks);
    return { routes, instant };
  } catch (error) {
    if (isHoldfastError(error, "source-unknown") && error.context.task === task) return undefined;
    throw error;
  }
}

/** A table that does not read is no reason not to fail over. */
async function newestPublished(
  workspace: Workspace,
  standby: StandbySettings,
  [first]: readonly StandbyMember[],
  hooks: Hooks,
): Promise<RoutingTable | undefined> {
  if (first === undefined) return undefined;
  const { repository } = workspace;
  const place = { repository, task: first.task, standby: standby.name, signal: signalOf(hooks) };
  return newestTable(place, hooks);
}

async function writeTable(path: string, table: RoutingTable): Promise<void> {
  await using file = await FileTarget.create(path, TABLE_MODE);
  await file.write(Buffer.from(`${JSON.stringify(table, undefined, 2)}\n`, "utf8"));
  await file.finish();
}

function oneOf(standbys: readonly StandbySettings[], name: string): StandbySettings {
  const [standby] = chosenStandbys({ standbys, names: [name] });
  return standby as StandbySettings;
}
