/**
 * Bringing one collection of a standby in step by the service's own copying: for kinds whose items live only inside the service.
 */
import { errorText } from "../../model/errors.ts";
import { formatInstant } from "../../model/instant.ts";
import { routesAlike, sealRoutes, type RoutingTable } from "../../model/routing-table.ts";
import { newestEntry } from "../../repository/manifest.ts";
import { publishRoutingTable } from "../../repository/routing-tables.ts";
import { writeStandbyRecord } from "../../repository/standby-records.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import type { CopyLedger, LiveCopies } from "../../sources/live-copies.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { openLeasedTimeline } from "../leased.ts";
import type { StandbyRunRow } from "../reports.ts";
import { Tally } from "../restore/tally.ts";
import { sourceContext } from "../source-context.ts";
import type { Workspace } from "../workspace.ts";
import { claimStandby, openLedger } from "./ledger.ts";
import { switchesOf } from "./members.ts";
import { newestTable } from "./newest-table.ts";
import { addressOf, copiedRoutes } from "./routes.ts";
import type { MemberRun, Outcome } from "./member-run.ts";

/** Warnings that a row carries; all are told. */
const MAX_WARNINGS = 1_000;
const SECOND_MS = 1_000;

/** Errors: `task-busy`, `source-*`, `storage-*`. Single items that could not be copied are in the row. */
export async function runCopies(
  workspace: Workspace,
  run: MemberRun,
  copies: LiveCopies,
  given: Hooks,
): Promise<Outcome> {
  const warnings: string[] = [];
  const hooks: Hooks = {
    ...given,
    warn: (text) => {
      if (warnings.length < MAX_WARNINGS) warnings.push(text);
      given.warn?.(text);
    },
  };
  const outcome = run.apply
    ? await apply(workspace, run, copies, hooks)
    : await copyAll(workspace, run, copies, await readOnly(workspace, run, hooks), hooks);
  return warnings.length === 0 ? outcome : { ...outcome, warnings };
}

async function readOnly(workspace: Workspace, { standby, member }: MemberRun, hooks: Hooks) {
  return openLedger(workspace, standby.name, member.task, hooks);
}

async function apply(
  workspace: Workspace,
  run: MemberRun,
  copies: LiveCopies,
  hooks: Hooks,
): Promise<Outcome> {
  const { standby, member } = run;
  const { repository, clock } = workspace;
  await using claim = await claimStandby(workspace, standby.name, member.task, hooks);
  const ledger = await openLedger(workspace, standby.name, member.task, hooks, claim);
  const instant = Math.floor(clock.now() / SECOND_MS) * SECOND_MS;
  const outcome = await copyAll(workspace, run, copies, ledger, hooks);
  const { created, changed, deleted, failed } = outcome;
  const record = { instant, at: clock.now(), applied: created + changed + deleted, failed };
  await writeStandbyRecord(repository, member.task, standby.name, record, signalOf(hooks));
  await ledger.compact();
  const table = await publish(workspace, run, ledger, outcome.state, hooks);
  return {
    ...outcome,
    instant: formatInstant(instant),
    ...(table === undefined ? {} : { routes: countsOf(table) }),
  };
}

async function copyAll(
  workspace: Workspace,
  { standby, member, apply: applies, verify, onItem }: MemberRun,
  copies: LiveCopies,
  ledger: CopyLedger,
  hooks: Hooks,
): Promise<Outcome> {
  const tally = new Tally();
  const request = {
    target: workspace.source(standby.target),
    ledger,
    apply: applies,
    verify,
    settings: switchesOf(standby),
  };
  const context = sourceContext(workspace, "standby", `${standby.source}/${member.collection}`, hooks);
  for await (const outcome of copies.copyTo(request, context)) {
    const row = tally.add(outcome);
    onItem?.(row);
  }
  const { counts, failures } = tally;
  const failed = counts.failed + counts.unstable;
  const done = counts.create + counts.change + counts.delete;
  const state = failed > 0 ? "incomplete" : done > 0 ? "applied" : "in-step";
  return {
    state: applies ? state : "preview",
    instant: null,
    created: counts.create,
    changed: counts.change,
    deleted: counts.delete,
    failed,
    failures,
  };
}

/**
 * Publishes where applications find what is kept, when that is not what was published last. After a run that found everything in step, the
 * copies are not asked one by one again. Undefined where nothing was kept yet, and
 * where the table could not be made: the copies are there all the same.
 */
async function publish(
  workspace: Workspace,
  { standby, member, verify }: MemberRun,
  ledger: CopyLedger,
  state: Outcome["state"],
  hooks: Hooks,
): Promise<RoutingTable | undefined> {
  const { repository, clock } = workspace;
  const { name, source } = standby;
  const place = { repository, task: member.task, standby: name, signal: signalOf(hooks) };
  if ((await readNewestManifest(repository, member.task, place.signal)) === undefined) {
    hooks.warn?.(
      `Nothing has been kept of ${source}/${member.collection} yet, so no routing table was published: holdfast backup ${source}, then run the standby again.`,
    );
    return undefined;
  }
  try {
    await using leased = await openLeasedTimeline(workspace, member.task, hooks);
    const instant = newestEntry(leased.timeline.manifest).to;
    // One that does not read is published anew.
    const last = await newestTable(place, hooks);
    if (state === "in-step" && !verify && last?.instant === formatInstant(instant)) return last;
    const routes = await copiedRoutes(
      workspace,
      { standby, member, timeline: leased.timeline, instant },
      ledger,
      hooks,
    );
    const tableOf = (generation: number): RoutingTable =>
      sealRoutes({
        standby: name,
        source,
        generation,
        at: new Date(clock.now()).toISOString(),
        instant: formatInstant(instant),
        target: addressOf(workspace, standby),
        ...routes,
      });
    if (last !== undefined && routesAlike(last, tableOf(0))) return last;
    return await publishRoutingTable(place, tableOf);
  } catch (error) {
    signalOf(hooks).throwIfAborted();
    hooks.warn?.(`The routing table of standby ${name} was not published: ${errorText(error)}`);
    return undefined;
  }
}

function countsOf({ generation, routes, missing }: RoutingTable): NonNullable<StandbyRunRow["routes"]> {
  const older = routes.filter(({ state }) => state === "older").length;
  return { generation, ready: routes.length - older, older, missing: missing.length };
}
