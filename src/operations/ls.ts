/**
 * `ls`: the items of a task as of an instant, in byte order of key.
 */
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { ItemRow } from "./reports.ts";
import { prefixRange } from "./restore/scope.ts";
import { itemRow } from "./rows.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface ListItemsRequest {
  readonly task: string;
  /** Default `latest`. */
  readonly at?: string;
  readonly prefix?: string;
  /** Also deleted items. */
  readonly deleted?: boolean;
}

/** Errors: `source-unknown`, `instant-unknown`, `no-read-right`, `object-*`. */
export async function* listItems(
  workspace: Workspace,
  request: ListItemsRequest,
  hooks: Hooks = {},
): AsyncGenerator<ItemRow> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  const now = workspace.clock.now();
  const scope = request.prefix === undefined ? {} : { prefix: request.prefix };
  const { instant } = await resolveAsOf(timeline, request.at ?? "latest", now, hooks, scope);
  const range = prefixRange(request.prefix);
  for await (const versions of timeline.at(instant).scanPresent(range, signalOf(hooks))) {
    for (const version of versions) {
      if (version.kind === "live" || request.deleted === true) yield itemRow(version);
    }
  }
}
