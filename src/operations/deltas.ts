/**
 * `deltas`: a timeline's baselines and deltas, newest first.
 */
import { formatInstant } from "../model/instant.ts";
import { entrySegments } from "../repository/manifest.ts";
import type { Hooks } from "./hooks.ts";
import { markRows } from "./marks.ts";
import type { DeltaRow } from "./reports.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Errors: `source-unknown`. */
export async function listDeltas(
  workspace: Workspace,
  request: { readonly task: string },
  hooks: Hooks = {},
): Promise<DeltaRow[]> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  return timeline.manifest.entries.toReversed().map((entry) => ({
    id: entry.id,
    epoch: entry.epoch,
    level: entry.level,
    from: entry.from === null ? null : formatInstant(entry.from),
    to: formatInstant(entry.to),
    run: entry.id,
    live: entry.counts.live,
    deleted: entry.counts.deleted,
    purged: entry.counts.purged,
    bodyBytes: entry.counts.bodyBytes,
    storedBytes: entry.counts.storedBytes,
    segments: entrySegments(entry).length,
    ...markRows(entry.anomalies),
  }));
}
