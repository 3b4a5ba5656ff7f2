/**
 * `undo`: takes a restore in place back: every item it touched returns to the state that was kept right before, unless
 * somebody has changed the item since.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { compareKeys, sortableKey } from "../model/key.ts";
import type { Version } from "../model/version.ts";
import type { VersionReader } from "../sources/source.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import type { RestoreItemRow, RestoreReport } from "./reports.ts";
import { restoreInPlace } from "./restore/in-place.ts";
import { Tally } from "./restore/tally.ts";
import { readUndoRecord, type Touched } from "./restore/undo-record.ts";
import type { Workspace } from "./workspace.ts";

export interface UndoRequest {
  readonly task: string;
  /** The restore's id, from its report. */
  readonly restore: string;
  readonly apply?: boolean;
  readonly onItem?: (row: RestoreItemRow) => void;
}

const BATCH = 100;

/** Errors: `source-unknown`, `instant-unknown` when rollups have merged what was before, `no-read-right`, `object-*`, `source-*`. */
export async function undoRestore(
  workspace: Workspace,
  request: UndoRequest,
  hooks: Hooks = {},
): Promise<RestoreReport> {
  const startedAt = workspace.clock.now();
  await using leased = await openLeasedTimeline(workspace, request.task, hooks);
  const { timeline } = leased;
  const record = await readUndoRecord(workspace.repository, timeline.task, request.restore);
  const touched = record.touched.toSorted((a, b) => compareKeys(a.key, b.key));
  const instant = touched[0]?.before;
  if (instant === undefined)
    throw new HoldfastError("internal", `The undo record ${request.restore} names no item.`);
  requireKept(timeline, touched, request.restore);
  const left = new Map(touched.map((item) => [sortableKey(item.key), item.revision]));
  const tally = new Tally();
  const undo = await restoreInPlace(
    workspace,
    {
      timeline,
      instant,
      mode: "content",
      scope: { items: touched.map((item) => item.key.toString("utf8")) },
      apply: request.apply ?? true,
      newerItems: "keep",
      replicationStopped: false,
      tally,
      onItem: (row) => request.onItem?.(row),
      guard: ({ key, state }) => state.includes(left.get(sortableKey(key)) ?? ""),
      reader: statesBefore(timeline, touched, signalOf(hooks)),
    },
    hooks,
  );
  const { name, collection } = timeline.manifest.source;
  return {
    restore: undo,
    task: timeline.task,
    instant: formatInstant(instant),
    target: `${name}/${collection}`,
    mode: "content",
    applied: request.apply ?? true,
    counts: tally.counts,
    samples: tally.samples,
    failures: tally.failures,
    durationMs: workspace.clock.now() - startedAt,
    ...tally.ids,
    undo,
  };
}

/**
 * Every instant that the restore overwrote is still one of the timeline. At one that a hold keeps for other items only, a touched item
 * would read as something older. Errors: `instant-unknown`.
 */
function requireKept(timeline: Timeline, touched: readonly Touched[], restore: string): void {
  const kept = new Set(timeline.instants);
  const gone = touched.find(({ before }) => !kept.has(before));
  if (gone === undefined) return;
  const instant = formatInstant(gone.before);
  throw new HoldfastError(
    "instant-unknown",
    `Restore ${restore} cannot be undone any more: the state before it, of ${instant}, has been merged by a rollup. ` +
      `While \`holdfast trash list\` still shows that instant, \`holdfast trash restore\` brings it back; otherwise restore an instant near it.`,
    { task: timeline.task },
  );
}

/** Each touched item as it was before; one that was not there is a tombstone, so that it is deleted again. */
function statesBefore(timeline: Timeline, touched: readonly Touched[], signal: AbortSignal): VersionReader {
  const before = async (item: Touched): Promise<Version> => {
    const version = await timeline.at(item.before).get(item.key, signal);
    if (version !== undefined && version.kind !== "purged") return version;
    const observation = { run: "", at: item.before, sequence: "" };
    return {
      key: item.key,
      kind: "deleted",
      revision: "",
      observation,
      fingerprint: Buffer.alloc(0),
      parts: [],
      blobs: [],
    };
  };
  const read = async function* (items: readonly Touched[]): AsyncGenerator<Version[]> {
    for (let start = 0; start < items.length; start += BATCH) {
      yield await Promise.all(items.slice(start, start + BATCH).map(before));
    }
  };
  return {
    versions: () => read(touched),
    find: async (keys) => {
      const items = keys.map((key) => touched.find((item) => item.key.equals(key)));
      return Promise.all(items.map(async (item) => item && before(item)));
    },
    blob: (ref) => timeline.blobs.stream(ref, signal),
    within: (prefix) => read(touched.filter(({ key }) => key.subarray(0, prefix.length).equals(prefix))),
    contains: async (keys) => keys.map(() => true),
  };
}
