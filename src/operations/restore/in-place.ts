/**
 * Restoring in place so that it can be undone: the present state is backed up first, an item is overwritten only while
 * its state is the one that was kept, and what was touched is recorded.
 */
import type { Millis } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import { keyOf, keyText } from "../../model/key.ts";
import { newTimedId } from "../../repository/ids.ts";
import { newestEntry, segmentsNewestFirst } from "../../repository/manifest.ts";
import { StateIndex } from "../../repository/state-index.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import type { RestoreMode, RestoreOutcome, RestoreRequest, VersionReader } from "../../sources/source.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { runTask } from "../backup/run-task.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { RestoreItemRow } from "../reports.ts";
import { sourceContext } from "../source-context.ts";
import type { Workspace } from "../workspace.ts";
import { openIds } from "./ids.ts";
import { isWhole, scopeReader, type Scope } from "./scope.ts";
import type { Tally } from "./tally.ts";
import { UndoRecorder } from "./undo-record.ts";

/** Items that changed since they were kept are kept again and tried again, this often in all (Part C: stability). */
const PASSES = 3;

export interface InPlaceRestore {
  readonly timeline: Timeline;
  readonly instant: Millis;
  readonly mode: RestoreMode;
  readonly scope: Scope;
  readonly apply: boolean;
  readonly newerItems: "keep" | "delete";
  readonly replicationStopped: boolean;
  readonly tally: Tally;
  readonly onItem: (row: RestoreItemRow) => void;
  /** A further condition for overwriting an item: undo leaves alone what others have changed since. */
  readonly guard?: (state: { readonly key: Buffer; readonly state: Buffer }) => boolean;
  /** The kind's own switches. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly lender?: NonNullable<RestoreRequest["lender"]>;
  /** What to put back, where it is not the scope at the instant. */
  readonly reader?: VersionReader;
}

/** The id of the undo record; null for a preview and where nothing was changed. */
export async function restoreInPlace(
  workspace: Workspace,
  request: InPlaceRestore,
  hooks: Hooks,
): Promise<string | null> {
  const { timeline, tally } = request;
  const { name, collection } = timeline.manifest.source;
  const signal = signalOf(hooks);
  const restore = newTimedId(workspace.clock.now());
  const recorder = new UndoRecorder(workspace.repository, timeline.task, restore, {
    target: collection,
    restored: request.instant,
  });
  const ids = await openIds(workspace, timeline, name, request.apply, hooks);
  let scope = request.scope;
  let reader = request.reader ?? scopeReader(timeline, timeline.at(request.instant), scope, signal);
  /** The items that a repeated pass through everything is about; all others have been told of. */
  let repeated: ReadonlySet<string> | undefined;
  for (let pass = 1; ; pass++) {
    const kept = request.apply ? await keepPresentState(workspace, timeline, hooks) : undefined;
    const unstable: string[] = [];
    const outcomes = workspace.source(name).restore(
      {
        target: collection,
        mode: request.mode,
        apply: request.apply,
        reader,
        whole: isWhole(scope),
        merge: request.mode === "replica",
        newerItems: request.newerItems,
        replicationStopped: request.replicationStopped,
        ...(ids === undefined ? {} : { ids }),
        ...(request.settings === undefined ? {} : { settings: request.settings }),
        ...(request.lender === undefined ? {} : { lender: request.lender }),
        ...(kept === undefined ? {} : { kept: async (states) => guarded(kept.index, states, request.guard) }),
      },
      sourceContext(workspace, "restore", `${name}/${collection}`, hooks),
    );
    try {
      for await (const outcome of outcomes) {
        if (outcome.action === "unstable" && pass < PASSES) {
          unstable.push(keyText(outcome.key));
          continue;
        }
        if (repeated !== undefined && !repeated.has(keyText(outcome.key)) && !wasWritten(outcome)) continue;
        request.onItem(tally.add(outcome));
        if (kept !== undefined && wasWritten(outcome)) {
          await recorder.add({ key: outcome.key, revision: outcome.revision ?? "", before: kept.instant });
        }
      }
    } finally {
      // Also when the restore was cut off: what was touched can be undone.
      await recorder.flush();
    }
    if (unstable.length === 0) break;
    // Items that the instant does not know are found only by going through everything again.
    repeated = isWhole(scope) && (await someAreNewer(reader, unstable)) ? new Set(unstable) : undefined;
    if (repeated !== undefined) continue;
    scope = { items: unstable };
    reader = scopeReader(timeline, timeline.at(request.instant), scope, signal);
  }
  return recorder.hasPieces ? restore : null;
}

async function someAreNewer(reader: VersionReader, items: readonly string[]): Promise<boolean> {
  return (await reader.contains(items.map(keyOf))).includes(false);
}

function wasWritten({ action }: RestoreOutcome): boolean {
  return action === "create" || action === "change" || action === "delete";
}

/** Backs the collection up as it is now. Errors: whatever the run met; nothing is overwritten then. */
async function keepPresentState(
  workspace: Workspace,
  timeline: Timeline,
  hooks: Hooks,
): Promise<{ readonly index: StateIndex; readonly instant: Millis }> {
  const { name, collection } = timeline.manifest.source;
  const request = { settings: workspace.settings(name), collection, reconcile: false, beforeRestore: true };
  const report = await runTask(workspace, request, hooks);
  const stored = await readNewestManifest(workspace.repository, timeline.task, signalOf(hooks));
  if (report.state !== "committed" || stored === undefined) {
    throw new HoldfastError(
      report.error?.code === "source-not-found" ? "source-not-found" : "restore-unsafe",
      `${name}/${collection} could not be backed up before the restore in place, so nothing was written: ` +
        `${report.error?.message ?? report.state}. Restore into a new collection instead, or mend this first.`,
      { task: timeline.task },
    );
  }
  const index = new StateIndex(workspace.repository, timeline.task, segmentsNewestFirst(stored.manifest));
  return { index, instant: newestEntry(stored.manifest).to };
}

async function guarded(
  index: StateIndex,
  states: readonly { readonly key: Buffer; readonly state: Buffer }[],
  guard: InPlaceRestore["guard"],
): Promise<boolean[]> {
  const kept = await index.matches(states);
  return kept.map((isKept, position) => {
    const state = states[position];
    return isKept && (guard === undefined || (state !== undefined && guard(state)));
  });
}
