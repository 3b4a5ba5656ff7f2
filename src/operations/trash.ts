/**
 * `trash`: instants that rollups gave up, listed before cleanup forgets them, and brought back until then.
 */
import type { Millis } from "../model/clock.ts";
import { HoldfastError } from "../model/errors.ts";
import { formatInstant, parseTime } from "../model/instant.ts";
import { DAY_MS } from "../model/policy/policy.ts";
import { newHold } from "../repository/holds.ts";
import { entrySegments, type Manifest } from "../repository/manifest.ts";
import { segmentPath } from "../repository/paths.ts";
import { amendManifest } from "../repository/task-store.ts";
import { trashedInstants, wayBack, withWayBack, type WayBack } from "../timeline/retention/trash.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { TrashReport, TrashRow } from "./reports.ts";
import { manifestsMeant, resolveTask } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Instants of one task, or of all, that can be brought back: oldest first. */
export async function* listTrash(
  workspace: Workspace,
  request: { readonly task?: string },
  hooks: Hooks = {},
): AsyncGenerator<TrashRow> {
  for await (const manifest of manifestsMeant(workspace, request.task, hooks)) {
    const { task } = manifest;
    const { name, collection } = manifest.source;
    const configured = workspace.sources.some((source) => source.name === name);
    const after = configured ? workspace.policyOf(name, collection).policy.cleanupAfter : null;
    for (const { instant, epoch, level, retiredAt, bytes } of trashedInstants(manifest)) {
      yield {
        task,
        source: name,
        collection,
        instant: formatInstant(instant),
        epoch,
        level,
        retiredAt: new Date(retiredAt).toISOString(),
        until: after === null ? null : new Date(retiredAt + after).toISOString(),
        bytes,
      };
    }
  }
}

export interface TrashRestoreRequest {
  readonly task: string;
  /** The instant, or a date: the newest instant of that day, UTC. */
  readonly at: string;
  readonly reason: string;
  /** Only tell. */
  readonly dryRun?: boolean;
}

/**
 * Puts the instant back into the timeline, under a hold, so that the next rollup does not take it again.
 * Errors: `instant-unknown` when it cannot be brought back; `object-missing` when a file it needs is gone; `task-busy`.
 */
export async function restoreFromTrash(
  workspace: Workspace,
  request: TrashRestoreRequest,
  hooks: Hooks = {},
): Promise<TrashReport> {
  const { repository, clock } = workspace;
  const task = await resolveTask(workspace, request.task, hooks);
  const now = clock.now();
  const time = parseTime(request.at, now);
  let instant = 0;
  let hold = "";
  const stored = await amendManifest(
    repository,
    task,
    async ({ manifest }) => {
      const way = findWay(manifest, time, request.at);
      instant = way.chain.at(-1)?.entry.to ?? 0;
      await mustBeThere(workspace, manifest, way);
      if (request.dryRun === true) return undefined;
      const pin = newHold(repository.keyring, task, { kind: "instant", instant }, request.reason, now);
      hold = pin.id;
      return {
        ...manifest,
        ...withWayBack(manifest, way),
        written: clock.now(),
        holds: [...manifest.holds, pin],
      };
    },
    signalOf(hooks),
  );
  const { name, collection } = stored.manifest.source;
  return {
    task,
    source: name,
    collection,
    instant: formatInstant(instant),
    applied: request.dryRun !== true,
    hold: hold === "" ? null : hold,
  };
}

/** Instants named in a refusal. */
const NAMED = 5;

/** Nothing but what was named comes back: an instant near it would be another state. */
function findWay(manifest: Manifest, time: Millis, text: string): WayBack {
  const trashed = trashedInstants(manifest).map(({ instant }) => instant);
  const isMeant = (instant: Millis): boolean =>
    text.length === DATE_LENGTH ? instant <= time && instant > time - DAY_MS : instant === time;
  const instant = trashed.findLast(isMeant);
  const way = instant === undefined ? undefined : wayBack(manifest, instant);
  if (way !== undefined) return way;
  const { task } = manifest;
  if (manifest.entries.some(({ to }) => isMeant(to))) {
    throw new HoldfastError("instant-unknown", `${text} is kept: there is nothing to bring back.`, { task });
  }
  const nearest = trashed.toSorted((a, b) => Math.abs(a - time) - Math.abs(b - time)).slice(0, NAMED);
  const named = nearest.sort((a, b) => a - b).map(formatInstant);
  const there = named.length === 0 ? "The trash is empty." : `The nearest that can: ${named.join(", ")}.`;
  throw new HoldfastError("instant-unknown", `${text} cannot be brought back. ${there}`, { task });
}

/** A date without a time, as 2026-11-21. */
const DATE_LENGTH = 10;

async function mustBeThere({ repository }: Workspace, { task }: Manifest, { chain }: WayBack): Promise<void> {
  for (const segment of chain.flatMap(({ entry }) => entrySegments(entry))) {
    const path = segmentPath(task, segment.id);
    const stat = await repository.storage.stat(path);
    if (stat?.size === segment.bytes) continue;
    const message = `${path}, which this instant needs, is not there any more; nothing was changed.`;
    throw new HoldfastError("object-missing", message, { task, path });
  }
}
