/**
 * `log`: every kept version of one item, newest first.
 */
import { keyOf } from "../model/key.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { VersionRow } from "./reports.ts";
import { versionRow } from "./rows.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

/** Yields nothing for an item that was never kept. Errors: `source-unknown`, `no-read-right`, `object-*`. */
export async function* itemLog(
  workspace: Workspace,
  request: { readonly task: string; readonly item: string },
  hooks: Hooks = {},
): AsyncGenerator<VersionRow> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  for await (const kept of timeline.history(keyOf(request.item), signalOf(hooks))) yield versionRow(kept);
}
