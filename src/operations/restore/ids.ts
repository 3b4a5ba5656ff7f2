/**
 * The id map of a restore or comparison: which objects of the target stand for which kept ones.
 */
import { openIdMap, type StoredIdMap } from "../../repository/id-maps.ts";
import { traitsOf, type SourceKind } from "../../sources/kinds.ts";
import type { Timeline } from "../../timeline/timeline.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";

/**
 * `writes`: a restore that is applied. Undefined for kinds whose items keep their names, and where nothing may be written and nothing was
 * mapped yet. Errors: `source-unknown`, `storage-*`.
 */
export async function openIds(
  workspace: Workspace,
  { task, manifest }: Pick<Timeline, "task" | "manifest">,
  target: string,
  writes: boolean,
  hooks: Hooks,
): Promise<StoredIdMap | undefined> {
  const { name, kind, collection } = manifest.source;
  const { repository } = workspace;
  const collections = traitsOf(kind as SourceKind)?.collections;
  if (collections === undefined) return undefined;
  const siblings = collections.filter((other) => other !== collection);
  const map = await openIdMap({
    repository,
    task,
    siblings: siblings.map((other) => repository.keyring.taskName(name, kind, other)),
    target: { source: target, url: workspace.settings(target).options.url },
    writable: writes,
    damaged: (path) =>
      hooks.warn?.(
        `${path} does not read: what an earlier restore made for it in ${target} may be made a second time; see \`holdfast check\`.`,
      ),
    signal: signalOf(hooks),
  });
  return map.isEmpty && !writes ? undefined : map;
}
