/**
 * `cat`: one version of an item, byte for byte.
 */
import { HoldfastError } from "../model/errors.ts";
import { formatInstant } from "../model/instant.ts";
import { keyOf } from "../model/key.ts";
import type { KeptVersion, Timeline } from "../timeline/timeline.ts";
import { resolveAsOf } from "./as-of.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { ExactnessRow, VersionRow } from "./reports.ts";
import { versionRow } from "./rows.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface CatRequest {
  readonly task: string;
  readonly item: string;
  /** Default `latest`; not together with `rev`. */
  readonly at?: string;
  /** A revision; enough of its beginning to be the only one. */
  readonly rev?: string;
}

/** The version and its parts, as the source sent them. Errors: `item-not-kept`, `instant-unknown`, `source-unknown`, `object-*`. */
export async function catItem(
  workspace: Workspace,
  request: CatRequest,
  hooks: Hooks = {},
): Promise<{
  readonly version: VersionRow;
  readonly parts: readonly Buffer[];
  /** Absent for a version that its revision names. */
  readonly exactness?: ExactnessRow;
}> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  const kept = await findVersion(workspace, timeline, request, hooks);
  const exactness = kept.exactness === undefined ? {} : { exactness: kept.exactness };
  return { version: versionRow(kept), parts: kept.version.parts, ...exactness };
}

/** The content of an attachment or other blob, decoded. Errors as `catItem`; `item-not-kept` when it has no such blob. */
export async function* catBlob(
  workspace: Workspace,
  request: CatRequest & { readonly name: string },
  hooks: Hooks = {},
): AsyncGenerator<Buffer> {
  const timeline = await openTimeline(workspace, request.task, hooks);
  const { version } = await findVersion(workspace, timeline, request, hooks);
  const ref = version.blobs.find((blob) => blob.name === request.name);
  if (ref === undefined) {
    const names = version.blobs.map((blob) => blob.name).join(", ") || "none";
    throw new HoldfastError(
      "item-not-kept",
      `"${request.item}" has no blob "${request.name}" (it has: ${names}).`,
      {
        item: request.item,
      },
    );
  }
  yield* timeline.blobs.streamDecoded(ref, signalOf(hooks));
}

/** The version that the request means; `exactness` is absent for one that its revision names. Errors: `item-not-kept`, `instant-unknown`. */
export async function findVersion(
  workspace: Workspace,
  timeline: Timeline,
  request: CatRequest,
  hooks: Hooks,
): Promise<KeptVersion & { readonly exactness?: ExactnessRow }> {
  const key = keyOf(request.item);
  if (request.rev !== undefined) {
    for await (const kept of timeline.history(key, signalOf(hooks))) {
      if (kept.version.revision.startsWith(request.rev)) return kept;
    }
    throw new HoldfastError(
      "item-not-kept",
      `No kept version of "${request.item}" has revision ${request.rev}.`,
      {
        item: request.item,
      },
    );
  }
  const now = workspace.clock.now();
  const scope = { items: [request.item] };
  const { instant, exactness } = await resolveAsOf(timeline, request.at ?? "latest", now, hooks, scope);
  const view = timeline.at(instant);
  // Where the version that answers is lost this says so; the history would go on to an older one.
  await view.get(key, signalOf(hooks));
  for await (const kept of timeline.history(key, signalOf(hooks))) {
    if (kept.entry.epoch === view.epoch && kept.instant <= instant) return { ...kept, exactness };
  }
  throw new HoldfastError("item-not-kept", `"${request.item}" was not there at ${formatInstant(instant)}.`, {
    item: request.item,
  });
}
