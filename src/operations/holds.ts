/**
 * `hold`: keeps a run, an item or a key prefix out of the reach of rollup, cleanup and erasure until it is released.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { keyOf, keyText } from "../model/key.ts";
import { findHold, newHold, openHolds, type HoldTarget } from "../repository/holds.ts";
import type { Hold, Manifest } from "../repository/manifest.ts";
import { listTaskNames } from "../repository/repository.ts";
import { amendManifest, readNewestManifest } from "../repository/task-store.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { HoldRow } from "./reports.ts";
import { openTimeline, resolveTask } from "./tasks.ts";
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
  const target = targetOf(timeline, request, now);
  const hold = newHold(repository.keyring, timeline.task, target, request.reason, now);
  const { manifest } = await amendManifest(
    repository,
    timeline.task,
    ({ manifest: current }) => {
      if (target.kind === "instant") mustBeKept(current, target.instant);
      return { ...current, written: clock.now(), holds: [...current.holds, hold] };
    },
    signalOf(hooks),
  );
  return { ...rowOf(workspace, manifest, hold), key: target.kind === "instant" ? null : keyText(target.key) };
}

/** Holds of one task, or of all. */
export async function* listHolds(
  workspace: Workspace,
  request: { readonly task?: string },
  hooks: Hooks = {},
): AsyncGenerator<HoldRow> {
  const { repository } = workspace;
  const signal = signalOf(hooks);
  const tasks =
    request.task === undefined
      ? listTaskNames(repository, signal)
      : [await resolveTask(workspace, request.task, hooks)];
  for await (const task of tasks) {
    const manifest = (await readNewestManifest(repository, task, signal))?.manifest;
    for (const hold of manifest?.holds ?? []) yield rowOf(workspace, manifest as Manifest, hold);
  }
}

/** `hold`: its id, or enough of its beginning. Errors: `source-unknown`, `task-busy`. */
export async function releaseHold(
  workspace: Workspace,
  request: { readonly task: string; readonly hold: string },
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
      return { ...current, written: clock.now(), holds: current.holds.filter(({ id }) => id !== hold.id) };
    },
    signalOf(hooks),
  );
  return released as HoldRow;
}

function targetOf(timeline: Timeline, request: AddHoldRequest, now: Millis): HoldTarget {
  const { run, at, item, prefix } = request;
  if ([run, at, item, prefix].filter((part) => part !== undefined).length !== 1) {
    throw new HoldfastError("usage", "Hold one thing: a run, an instant, an item or a prefix.");
  }
  if (item !== undefined) return { kind: "item", key: keyOf(item) };
  if (prefix !== undefined) return { kind: "prefix", key: keyOf(prefix) };
  if (run !== undefined) return { kind: "instant", instant: instantOfRun(timeline.manifest, run) };
  return { kind: "instant", instant: timeline.resolve(at ?? "latest", now) };
}

function instantOfRun(manifest: Manifest, run: string): Millis {
  const found = run === "" ? [] : manifest.entries.filter(({ id, runs }) => runs === 1 && id.startsWith(run));
  const [entry] = found;
  if (entry !== undefined && found.length === 1) return entry.to;
  const retired = manifest.retired.find(
    ({ entry: old }) => run !== "" && old.runs === 1 && old.id.startsWith(run),
  );
  if (retired !== undefined) {
    const instant = formatInstant(retired.entry.to);
    throw new HoldfastError(
      "instant-unknown",
      `Run ${run} has been merged away. It can still be brought back: holdfast trash restore TASK ${instant}.`,
      { task: manifest.task },
    );
  }
  const why =
    found.length > 1 ? "More than one kept run begins" : "No kept delta is of a single run that begins";
  throw new HoldfastError("instant-unknown", `${why} with "${run}": see \`holdfast deltas\`.`, {
    task: manifest.task,
  });
}

/** A rollup may have been faster. */
function mustBeKept({ entries, task }: Manifest, instant: Millis): void {
  if (entries.some(({ to }) => to === instant)) return;
  const message = `The instant ${formatInstant(instant)} was merged away just now; nothing is held.`;
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
