/**
 * `restore`: puts an instant, or part of it, back: into a new collection, another one, or in place.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import type { RestoreMode } from "../sources/source.ts";
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import { reportLost } from "./lost-items.ts";
import type { RestoreItemRow, RestoreReport } from "./reports.ts";
import { openIds } from "./restore/ids.ts";
import { restoreInPlace } from "./restore/in-place.ts";
import { openLender } from "./restore/lender.ts";
import { placeOf, requireSameKind, type RestoreTarget } from "./restore/place.ts";
import { isWhole, scopeReader, type Scope } from "./restore/scope.ts";
import { sourceContext } from "./source-context.ts";
import { Tally } from "./restore/tally.ts";
import type { StandbySettings } from "./standby/members.ts";
import type { Workspace } from "./workspace.ts";

export type { RestoreTarget } from "./restore/place.ts";

export interface RestoreOperation {
  readonly task: string;
  /** Default `latest`. */
  readonly at?: string;
  readonly scope: Scope;
  readonly target: RestoreTarget;
  /** Default: `content` in place, else `replica`. */
  readonly mode?: RestoreMode;
  /** False: a preview, by the same code; nothing is written. */
  readonly apply: boolean;
  readonly merge?: boolean;
  readonly newerItems?: "keep" | "delete";
  readonly replicationStopped?: boolean;
  /** The kind's own switches (docs/guide/restore.md). */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A standby that may be copied from, for kinds whose service copies. */
  readonly fromStandby?: StandbySettings;
  /** Every item as it is dealt with. */
  readonly onItem?: (row: RestoreItemRow) => void;
}

/**
 * Errors: `instant-unknown`, `source-unknown`, `target-not-empty`, `restore-unsafe`, `target-refused`, `no-read-right`,
 * `object-*`, `source-*`. Single items that could not be restored are in the report, not thrown.
 */
export async function restore(
  workspace: Workspace,
  request: RestoreOperation,
  hooks: Hooks = {},
): Promise<RestoreReport> {
  const startedAt = workspace.clock.now();
  await using leased = await openLeasedTimeline(workspace, request.task, hooks);
  const { timeline } = leased;
  const at = request.at ?? "latest";
  const { instant, exactness } = await resolveAsOf(timeline, at, startedAt, hooks, request.scope);
  const { source: sourceName, collection } = placeOf(timeline.manifest.source, request.target, instant);
  requireSameKind(workspace, timeline.manifest.source, sourceName);
  const inPlace =
    sourceName === timeline.manifest.source.name && collection === timeline.manifest.source.collection;
  const mode = request.mode ?? (inPlace ? "content" : "replica");
  const lender = await openLender(workspace, timeline, request.fromStandby, hooks);
  const tally = new Tally();
  const common = {
    timeline,
    instant,
    mode,
    scope: request.scope,
    apply: request.apply,
    newerItems: request.newerItems ?? "keep",
    replicationStopped: request.replicationStopped ?? false,
    tally,
    onItem: (row: RestoreItemRow) => request.onItem?.(row),
    ...(request.settings === undefined ? {} : { settings: request.settings }),
    ...lender,
  } as const;
  timeline.onLost = reportLost(tally, common.onItem, timeline.onLost);
  let undo: string | null = null;
  if (inPlace) undo = await restoreInPlace(workspace, common, hooks);
  else {
    const signal = signalOf(hooks);
    const source = workspace.source(sourceName);
    const ids = await openIds(workspace, timeline, sourceName, request.apply, hooks);
    const outcomes = source.restore(
      {
        target: collection,
        mode,
        name: `${timeline.task} ${formatInstant(instant)} ${JSON.stringify(request.scope)}`,
        apply: request.apply,
        reader: scopeReader(timeline, timeline.at(instant), request.scope, signal),
        whole: isWhole(request.scope),
        merge: request.merge ?? false,
        newerItems: common.newerItems,
        replicationStopped: common.replicationStopped,
        ...(ids === undefined ? {} : { ids }),
        ...(request.settings === undefined ? {} : { settings: request.settings }),
        ...lender,
      },
      sourceContext(workspace, "restore", `${sourceName}/${collection}`, hooks),
    );
    for await (const outcome of outcomes) common.onItem(tally.add(outcome));
  }
  if (request.scope.items !== undefined && Object.values(tally.counts).every((count) => count === 0)) {
    throw new HoldfastError(
      "item-not-kept",
      `None of the chosen items was there at ${formatInstant(instant)}.`,
      { task: timeline.task },
    );
  }
  return {
    restore: undo,
    task: timeline.task,
    instant: formatInstant(instant),
    exactness,
    target: `${sourceName}/${collection}`,
    mode,
    applied: request.apply,
    counts: tally.counts,
    samples: tally.samples,
    failures: tally.failures,
    durationMs: workspace.clock.now() - startedAt,
    ...tally.ids,
    undo,
  };
}
