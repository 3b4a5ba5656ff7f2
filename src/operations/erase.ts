/**
 * `erase`: one item out of the whole history of a task, with a certificate; `erasures`: the certificates of a task.
 */
import { formatInstant } from "../model/instant.ts";
import { keyOf } from "../model/key.ts";
import type { TaskName } from "../model/task.ts";
import { readCertificates } from "../repository/erase/certificate.ts";
import { eraseItem } from "../repository/erase/erase-item.ts";
import type { Erasure, ManifestSource } from "../repository/manifest.ts";
import { signalOf, type Hooks } from "./hooks.ts";
import type { EraseReport, ErasureRow } from "./reports.ts";
import { openTimeline } from "./tasks.ts";
import type { Workspace } from "./workspace.ts";

export interface EraseRequest {
  readonly task: string;
  readonly item: string;
  readonly reason?: string;
  /** False: only tell what would be done; default true. */
  readonly apply?: boolean;
}

/** What no erasure reaches. */
const NOT_REACHED = [
  "The source: a backup that meets the item there again, or its deletion, keeps that anew.",
  "Copies of the repository, what its storage keeps of deleted files, exports, and collections that were restored.",
  "Warnings and errors in the records of runs, which may name the item.",
] as const;

/** Errors: `item-held`, `item-not-kept`, `source-unknown`, `no-read-right`, `task-busy`, `object-*`, `storage-*`. */
export async function erase(
  workspace: Workspace,
  request: EraseRequest,
  hooks: Hooks = {},
): Promise<EraseReport> {
  const { repository, clock } = workspace;
  const { item, reason = "", apply = true } = request;
  const startedAt = clock.now();
  const { task, manifest } = await openTimeline(workspace, request.task, hooks);
  const label = `${manifest.source.name}/${manifest.source.collection}`;
  const { erasure, complete, bytes, blobs } = await eraseItem(repository, task, {
    key: keyOf(item),
    reason,
    clock,
    dryRun: !apply,
    signal: signalOf(hooks),
    progress: ({ files, bytes: done }) =>
      hooks.progress?.({ operation: "erase", task: label, phase: "rewrite", done: files, bytes: done }),
  });
  const endedAt = clock.now();
  return {
    item,
    applied: apply,
    ...erasureRow(task, manifest.source, erasure, complete ? endedAt : null),
    bytes,
    blobs,
    durationMs: endedAt - startedAt,
  };
}

/** The certificates of a task, oldest first, then the erasures that are not finished. Errors: `source-unknown`, `object-*`. */
export async function* listErasures(
  workspace: Workspace,
  request: { readonly task: string },
  hooks: Hooks = {},
): AsyncGenerator<ErasureRow> {
  const { task, manifest } = await openTimeline(workspace, request.task, hooks);
  const certified = new Set<string>();
  for await (const certificate of readCertificates(workspace.repository, task, signalOf(hooks))) {
    certified.add(certificate.id);
    yield erasureRow(task, manifest.source, certificate, certificate.completedAt);
  }
  for (const erasure of manifest.erasing) {
    if (!certified.has(erasure.id)) yield erasureRow(task, manifest.source, erasure, null);
  }
}

function erasureRow(
  task: TaskName,
  { name, collection }: ManifestSource,
  erasure: Erasure,
  completedAt: number | null,
): ErasureRow {
  const { id, item, at, reason, generation, versions, files, restores, unread } = erasure;
  const unknown = unread.map(
    (path) =>
      `${path}, left by a run that was cut off: it does not read, so nobody knows whether it held the item.`,
  );
  return {
    erasure: id,
    task,
    source: name,
    collection,
    itemHash: item,
    at: new Date(at).toISOString(),
    reason,
    generation: generation === 0 ? null : generation,
    completedAt: completedAt === null ? null : new Date(completedAt).toISOString(),
    versions: versions.map(({ observedAt, instants }) => ({
      seen: new Date(observedAt).toISOString(),
      instants: instants.map(formatInstant),
    })),
    files: files.map(({ old, into }) => ({ ...old, into })),
    restores,
    notReached: [...NOT_REACHED, ...unknown],
  };
}
