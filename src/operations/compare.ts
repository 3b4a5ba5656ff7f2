/**
 * `compare`: proves a collection equal to an instant, item by item.
 */
import { formatInstant } from "../model/instant.ts";
import { keyText } from "../model/key.ts";
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import { openLeasedTimeline } from "./leased.ts";
import type { CompareReport } from "./reports.ts";
import { openIds } from "./restore/ids.ts";
import { requireSameKind, type RestoreTarget } from "./restore/place.ts";
import { isWhole, scopeReader, type Scope } from "./restore/scope.ts";
import { sourceContext } from "./source-context.ts";
import type { Workspace } from "./workspace.ts";

/** Differences listed in a report; all are counted. */
const MAX_LISTED = 1_000;

export interface CompareOperation {
  readonly task: string;
  /** Default `latest`. */
  readonly at?: string;
  readonly scope?: Scope;
  /** Default: the collection that was kept. */
  readonly target?: Omit<RestoreTarget, "inPlace">;
}

/** Errors: `instant-unknown`, `source-unknown`, `source-*`, `no-read-right`, `object-*`. Differences are reported, not thrown. */
export async function compare(
  workspace: Workspace,
  request: CompareOperation,
  hooks: Hooks = {},
): Promise<CompareReport> {
  const startedAt = workspace.clock.now();
  await using leased = await openLeasedTimeline(workspace, request.task, hooks);
  const { timeline } = leased;
  const source = request.target?.source ?? timeline.manifest.source.name;
  const collection = request.target?.collection ?? timeline.manifest.source.collection;
  requireSameKind(workspace, timeline.manifest.source, source);
  const ids = await openIds(workspace, timeline, source, false, hooks);
  const scope = request.scope ?? {};
  const { instant, exactness } = await resolveAsOf(timeline, request.at ?? "latest", startedAt, hooks, scope);
  const differences: CompareReport["differences"][number][] = [];
  let differenceCount = 0;
  let compared = { items: 0, parts: 0, blobs: 0 };
  const events = workspace.source(source).compare(
    {
      target: collection,
      reader: scopeReader(timeline, timeline.at(instant), scope, signalOf(hooks)),
      whole: isWhole(scope),
      ...(ids === undefined ? {} : { ids }),
    },
    sourceContext(workspace, "compare", `${source}/${collection}`, hooks),
  );
  for await (const event of events) {
    if (event.kind === "end") {
      compared = { items: event.items, parts: event.parts, blobs: event.blobs };
      continue;
    }
    differenceCount += 1;
    const { key, difference, detail } = event.difference;
    if (differences.length < MAX_LISTED) differences.push({ key: keyText(key), difference, detail });
  }
  return {
    task: timeline.task,
    instant: formatInstant(instant),
    exactness,
    target: `${source}/${collection}`,
    equal: differenceCount === 0,
    ...compared,
    differences,
    differenceCount,
    durationMs: workspace.clock.now() - startedAt,
  };
}
