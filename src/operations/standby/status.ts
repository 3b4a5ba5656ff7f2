/**
 * How far one collection of a standby is, from the repository alone.
 */
import { formatInstant } from "../../model/instant.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { RoutingTable } from "../../model/routing-table.ts";
import { newestEntry } from "../../repository/manifest.ts";
import { readStandbyRecord } from "../../repository/standby-records.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { newestTable } from "./newest-table.ts";
import type { StandbyCopies, StandbyStatusRow } from "../reports.ts";
import type { Workspace } from "../workspace.ts";
import type { StandbyMember, StandbySettings } from "./members.ts";

/** A model that expires within this time is told of: building it again may take weeks of somebody's time. */
const EXPIRY_NOTICE_MS = 60 * DAY_MS;

/** Errors: `storage-*`, `object-*`. */
export async function statusOf(
  workspace: Workspace,
  standby: StandbySettings,
  { task, collection }: StandbyMember,
  hooks: Hooks,
): Promise<StandbyStatusRow> {
  const { repository, clock } = workspace;
  const { name, source, target } = standby;
  const signal = signalOf(hooks);
  const stored = await readNewestManifest(repository, task, signal);
  const record = await readStandbyRecord(repository, task, name, signal);
  const entries = stored?.manifest.entries ?? [];
  const copies = await publishedCopies(workspace, standby, task, hooks);
  return {
    standby: name,
    source,
    collection,
    target,
    instant: record === undefined ? null : formatInstant(record.instant),
    newest: stored === undefined ? null : formatInstant(newestEntry(stored.manifest).to),
    behind: entries.filter(({ to }) => to > (record?.instant ?? -Infinity)).length,
    lagMs: record === undefined ? null : clock.now() - record.instant,
    failed: record?.failed ?? 0,
    ...(copies === undefined ? {} : { copies }),
  };
}

/** Undefined where no table was published, or the newest does not read. */
async function publishedCopies(
  { repository, clock }: Workspace,
  { name }: StandbySettings,
  task: StandbyMember["task"],
  hooks: Hooks,
): Promise<StandbyCopies | undefined> {
  const place = { repository, task, standby: name, signal: signalOf(hooks) };
  const table = await newestTable(place, hooks);
  return table && copiesOf(table, clock.now());
}

function copiesOf({ generation, routes, missing }: RoutingTable, now: number): StandbyCopies {
  const expiries = routes
    .flatMap(({ expires }) => (expires === undefined ? [] : [Date.parse(expires)]))
    .sort((a, b) => a - b);
  const [first] = expiries;
  const expired = expiries.filter((at) => at <= now).length;
  return {
    generation,
    ready: routes.filter(({ state }) => state === "ready").length,
    older: routes.filter(({ state }) => state === "older").length,
    missing: missing.length,
    expired,
    expiring: expiries.filter((at) => at <= now + EXPIRY_NOTICE_MS).length - expired,
    nextExpiry: first === undefined ? null : new Date(first).toISOString(),
  };
}
