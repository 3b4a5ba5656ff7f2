/**
 * `diff`: what changed in one item between two versions, and which items changed between two instants.
 */
import { compareKeys, keyOf, keyText } from "../model/key.ts";
import { diffJson, type JsonDiff } from "../model/json/diff.ts";
import type { JsonNode } from "../model/json/node.ts";
import { parseJson } from "../model/json/parse.ts";
import { renderDiffJson, renderDiffText } from "../model/json/render.ts";
import { HoldfastError } from "../model/errors.ts";
import type { Version } from "../model/version.ts";
import { traitsOf, type SourceKind } from "../sources/kinds.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { resolveAsOf } from "./as-of.ts";
import { findVersion } from "./cat.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import type { ChangeRow, ExactnessRow, VersionRow } from "./reports.ts";
import { versionRow } from "./rows.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** A revision as people write it: `3-` and at least one hex digit. */
const REVISION = /^\d+-[0-9a-f]*$/;
const LIVE = "live";

export interface DiffItemRequest {
  readonly task: string;
  readonly item: string;
  /** A time, `latest~n` or a revision; default: the version before the newest. */
  readonly a?: string;
  /** The same, or `live` for the service's present state; default: the newest kept version. */
  readonly b?: string;
}

export interface ItemDiff {
  /** The two sides; null for `live` and for a side on which the item is not there. */
  readonly a: VersionRow | null;
  readonly b: VersionRow | null;
  /** How exact the sides are that a time named. */
  readonly exactness?: { readonly a?: ExactnessRow; readonly b?: ExactnessRow };
  /** For people: `- path: before`, `+ path: after`. */
  readonly lines: readonly string[];
  /** A JSON array of the same; text, since its numbers may be beyond JavaScript's. */
  readonly json: string;
}

interface Side {
  readonly row: VersionRow | null;
  readonly body: Buffer | undefined;
  readonly exactness?: ExactnessRow;
}

/** Errors: `item-not-kept`, `instant-unknown`, `source-unknown`, `object-*`, and what the service answers for `live`. */
export async function diffItem(
  workspace: Workspace,
  request: DiffItemRequest,
  hooks: Hooks = {},
): Promise<ItemDiff> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  const versions: Side[] = [];
  if (request.a === undefined) {
    for await (const kept of timeline.history(keyOf(request.item), signalOf(hooks))) {
      versions.push({ row: versionRow(kept), body: kept.version.parts[0] });
      if (versions.length === 2) break;
    }
    if (versions.length === 0) {
      throw new HoldfastError("item-not-kept", `No version of "${request.item}" is kept.`, {
        item: request.item,
      });
    }
  }
  const newest = versions[0] ?? { row: null, body: undefined };
  // With nothing named: the last change. With `live` alone: what has happened since the newest kept version.
  const a =
    request.a === undefined
      ? request.b === LIVE
        ? newest
        : (versions[1] ?? { row: null, body: undefined })
      : await side(workspace, timeline, request.item, request.a, hooks);
  const b =
    request.b === undefined && request.a === undefined
      ? newest
      : await side(workspace, timeline, request.item, request.b ?? "latest", hooks);
  const { bookkeeping } = traitsOf(timeline.manifest.source.kind as SourceKind);
  const changes: JsonDiff = diffJson(tree(a.body, bookkeeping), tree(b.body, bookkeeping));
  const exactness = {
    ...(a.exactness === undefined ? {} : { a: a.exactness }),
    ...(b.exactness === undefined ? {} : { b: b.exactness }),
  };
  return { a: a.row, b: b.row, exactness, lines: renderDiffText(changes), json: renderDiffJson(changes) };
}

async function side(
  workspace: Workspace,
  timeline: Timeline,
  item: string,
  text: string,
  hooks: Hooks,
): Promise<Side> {
  if (text === LIVE) {
    const { name, collection } = timeline.manifest.source;
    const context = { clock: workspace.clock, signal: signalOf(hooks) };
    const [live] = await workspace.source(name).readItems(collection, [keyOf(item)], context);
    return { row: null, body: live?.parts[0] };
  }
  const which = REVISION.test(text) ? { rev: text } : { at: text };
  const kept = await findVersion(workspace, timeline, { task: timeline.task, item, ...which }, hooks);
  const exactness = kept.exactness === undefined ? {} : { exactness: kept.exactness };
  return { row: versionRow(kept), body: kept.version.parts[0], ...exactness };
}

/** An absent side is an empty object: everything was added or removed. */
function tree(body: Buffer | undefined, bookkeeping: readonly string[]): JsonNode {
  const node = parseJson(body ?? "{}");
  if (node.kind !== "object") return node;
  return { ...node, members: node.members.filter((member) => !bookkeeping.includes(member.name)) };
}

export interface DiffInstantsRequest {
  readonly task: string;
  readonly a: string;
  /** Default `latest`. */
  readonly b?: string;
}

/** Items that differ between two instants, in order of key. Errors: `instant-unknown`, `source-unknown`, `object-*`. */
export async function* diffInstants(
  workspace: Workspace,
  request: DiffInstantsRequest,
  hooks: Hooks = {},
): AsyncGenerator<ChangeRow> {
  await using leased = await openLeasedTimeline(workspace, request.task, hooks);
  const { timeline } = leased;
  const now = workspace.clock.now();
  const a = timeline.at((await resolveAsOf(timeline, request.a, now, hooks)).instant);
  const b = timeline.at((await resolveAsOf(timeline, request.b ?? "latest", now, hooks)).instant);
  const signal = signalOf(hooks);
  if (a.epoch === b.epoch && a.instant <= b.instant) {
    // Only what the deltas in between hold can differ.
    for await (const batch of timeline.between(a.instant, b.instant).scan({}, signal)) {
      const before = await a.getMany(
        batch.map(({ key }) => key),
        signal,
      );
      for (const [index, after] of batch.entries()) {
        const row = changeRow(before[index], after);
        if (row) yield row;
      }
    }
    return;
  }
  yield* joinViews(flatten(a.scan({}, signal)), flatten(b.scan({}, signal)));
}

/** Two streams in order of key, side by side. */
async function* joinViews(a: AsyncGenerator<Version>, b: AsyncGenerator<Version>): AsyncGenerator<ChangeRow> {
  let left = await a.next();
  let right = await b.next();
  while (left.done !== true || right.done !== true) {
    const order =
      left.done === true ? 1 : right.done === true ? -1 : compareKeys(left.value.key, right.value.key);
    const row = changeRow(order <= 0 ? left.value : undefined, order >= 0 ? right.value : undefined);
    if (row) yield row;
    if (order <= 0) left = await a.next();
    if (order >= 0) right = await b.next();
  }
}

async function* flatten(batches: AsyncIterable<readonly Version[]>): AsyncGenerator<Version, undefined> {
  for await (const batch of batches) yield* batch;
  return undefined;
}

function changeRow(before: Version | undefined, after: Version | undefined): ChangeRow | undefined {
  if (before !== undefined && after !== undefined && before.fingerprint.equals(after.fingerprint))
    return undefined;
  const was = before?.kind === "live" ? before : undefined;
  const is = after?.kind === "live" ? after : undefined;
  const present = is ?? was;
  if (present === undefined) return undefined;
  return {
    key: keyText(present.key),
    change: was === undefined ? "added" : is === undefined ? "deleted" : "changed",
    before: was?.revision ?? null,
    after: is?.revision ?? null,
  };
}
