/**
 * `hold`: keeps a run, an item or a key prefix out of the reach of rollup, cleanup and erasure until it is released.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { keyOf, keyText } from "../model/key.ts";
import { findHold, newHold, openHolds, type HoldTarget } from "../repository/holds.ts";
import type { Hold, Manifest } from "../repository/manifest.ts";
import { amendManifest } from "../repository/task-store.ts";
import { trashedInstants } from "../timeline/retention/trash.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { HoldRow } from "./reports.ts";
import { listRuns } from "./runs.ts";
import { manifestsMeant, openTimeline, resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Exactly one of `run`, `at`, `item` and `prefix`. */
export interface AddHoldRequest {
  readonly task: string;
  /** A run's id, or enough of its beginning. */
  readonly run?: string;
  /** The instant, as `--at` takes it. */
  readonly at?: string;
  readonly item?: string;
  readonly prefix?: string;
  readonly reason: string;
  /** Only tell what would be held. */
  readonly dryRun?: boolean;
}

/** Errors: `usage`, `source-unknown`, `instant-unknown` for a run that is merged away or a time that is no kept instant, `task-busy`. */
export async function addHold(
  workspace: Workspace,
  request: AddHoldRequest,
  hooks: Hooks = {},
): Promise<HoldRow> {
  if (request.reason.trim() === "") {
    throw new HoldfastError("usage", "A hold needs a reason: whoever finds it in three years must know why.");
  }
  const { repository, clock } = workspace;
  const timeline = await openTimeline(workspace, request.task, hooks);
  const now = clock.now();
  const target = await targetOf(workspace, timeline, request, now, hooks);
  const hold = newHold(repository.keyring, timeline.task, target, request.reason, now);
  const { manifest } = await amendManifest(
    repository,
    timeline.task,
    ({ manifest: current }) => {
      if (target.kind === "instant") mustBeKept(current, target.instant);
      if (request.dryRun === true) return undefined;
      return { ...current, written: clock.now(), holds: [...current.holds, hold] };
    },
    signalOf(hooks),
  );
  const row = rowOf(workspace, manifest, hold);
  return {
    ...row,
    hold: request.dryRun === true ? null : row.hold,
    key: target.kind === "instant" ? null : keyText(target.key),
  };
}

/** Holds of one task, or of all. */
export async function* listHolds(
  workspace: Workspace,
  request: { readonly task?: string },
  hooks: Hooks = {},
): AsyncGenerator<HoldRow> {
  for await (const manifest of manifestsMeant(workspace, request.task, hooks)) {
    for (const hold of manifest.holds) yield rowOf(workspace, manifest, hold);
  }
}

/** `hold`: its id, or enough of its beginning. Errors: `source-unknown`, `task-busy`. */
export async function releaseHold(
  workspace: Workspace,
  request: { readonly task: string; readonly hold: string; readonly dryRun?: boolean },
  hooks: Hooks = {},
): Promise<HoldRow> {
  const { repository, clock } = workspace;
  const task = await resolveTask(workspace, request.task, hooks);
  let released: HoldRow | undefined;
  await amendManifest(
    repository,
    task,
    ({ manifest: current }) => {
      const hold = findHold(current.holds, request.hold);
      released = rowOf(workspace, current, hold);
      if (request.dryRun === true) return undefined;
      return { ...current, written: clock.now(), holds: current.holds.filter(({ id }) => id !== hold.id) };
    },
    signalOf(hooks),
  );
  return released as HoldRow;
}

async function targetOf(
  workspace: Workspace,
  timeline: Timeline,
  request: AddHoldRequest,
  now: Millis,
  hooks: Hooks,
): Promise<HoldTarget> {
  const { run, at, item, prefix } = request;
  if ([run, at, item, prefix].filter((part) => part !== undefined).length !== 1) {
    throw new HoldfastError("usage", "Hold one thing: a run, an instant, an item or a prefix.");
  }
  if (item !== undefined) return { kind: "item", key: keyOf(item) };
  if (prefix !== undefined) return { kind: "prefix", key: keyOf(prefix) };
  if (run !== undefined) {
    const ended = await endOfRun(workspace, timeline.manifest, run, hooks);
    mustBeKept(timeline.manifest, ended);
    return { kind: "instant", instant: ended };
  }
  const { instant } = await resolveAsOf(timeline, at ?? "latest", now, hooks);
  return { kind: "instant", instant };
}

/** The instant with which a run ended, whether it is still kept or not. Errors: `source-unknown`. */
async function endOfRun(
  workspace: Workspace,
  manifest: Manifest,
  run: string,
  hooks: Hooks,
): Promise<Millis> {
  const { task } = manifest;
  if (run === "") throw new HoldfastError("usage", "Give a run's id, or enough of its beginning.");
  const known = [...manifest.entries, ...manifest.retired.map(({ entry }) => entry)];
  const ends = new Map(known.flatMap(({ id, runs, to }) => (runs === 1 ? [[id, to] as const] : [])));
  // What was merged is known by the run's record.
  if ([...ends.keys()].every((id) => !id.startsWith(run))) {
    for await (const { run: id, instant } of listRuns(workspace, { task }, hooks)) {
      if (id.startsWith(run) && instant !== null) ends.set(id, Date.parse(instant));
    }
  }
  const found = [...ends].filter(([id]) => id.startsWith(run));
  if (found.length === 1) return (found[0] as readonly [string, Millis])[1];
  const reason = found.length === 0 ? "No run that was kept" : "More than one run";
  throw new HoldfastError("source-unknown", `${reason} has an id that begins with "${run}".`, { task });
}

/** Errors: `instant-unknown`, which says where the instant's versions are now. */
function mustBeKept(manifest: Manifest, instant: Millis): void {
  const { entries, task, source } = manifest;
  if (entries.some(({ to }) => to === instant)) return;
  const into = entries.find(({ to }) => to > instant);
  const name = `${source.name}/${source.collection}`;
  const where =
    into === undefined
      ? ""
      : ` Its newest versions are in the ${into.level} delta that ends ${formatInstant(into.to)}.`;
  const canComeBack = trashedInstants(manifest).some((trashed) => trashed.instant === instant);
  const next = canComeBack
    ? ` It can be brought back, with a hold: holdfast trash restore ${name} ${formatInstant(instant)}.`
    : "";
  const message = `The instant ${formatInstant(instant)} has been merged away, so nothing is held.${where}${next}`;
  throw new HoldfastError("instant-unknown", message, { task });
}

function rowOf({ repository }: Workspace, manifest: Manifest, hold: Hold): HoldRow {
  const { id, kind, instant, reason, since } = hold;
  const [open] =
    repository.keyring.right === "read" ? openHolds(repository.keyring, manifest.task, [hold]).holds : [];
  return {
    hold: id,
    task: manifest.task,
    source: manifest.source.name,
    collection: manifest.source.collection,
    kind,
    instant: instant === null ? null : formatInstant(instant),
    key: open?.key === undefined || open.key === null ? null : keyText(open.key),
    reason,
    since: new Date(since).toISOString(),
  };
}
