/**
 * Searching a task's folders for files that nothing names. The listing is believed only when it shows every file that the
 * manifest needs: an absence is an error until proven.
 */
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { manifestSegments, type Manifest } from "../manifest.ts";
import { packPath, packsOf, segmentPath, segmentsOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import type { ObjectStat } from "../storage/storage.ts";
import { readNewestManifest, type StoredManifest } from "../task-store.ts";
import { findIdlePacks } from "./idle-packs.ts";
import { readOutsideNames } from "./outside-names.ts";
import { isOwnFile } from "./own-files.ts";

/** Other cleanups may delete what an older manifest needed while its files are listed; then the search begins again. */
const ATTEMPTS = 3;

export interface SweepFindings {
  /** The manifest whose files were all there. */
  readonly generation: number;
  /** Files that it does not name. */
  readonly unnamed: ReadonlyMap<string, ObjectStat>;
  /** Ids of packs that it names though no version refers to a blob in them. */
  readonly idlePacks: ReadonlySet<string>;
}

/**
 * `searchPacks`: look for idle packs too. Errors: `object-missing` when the listing lacks a file that the timeline needs or
 * shows it with another size; `storage-*`.
 */
export async function sweepTask(
  repository: Repository,
  task: TaskName,
  newest: StoredManifest,
  searchPacks: boolean,
  signal: AbortSignal,
): Promise<SweepFindings> {
  let base = newest;
  for (let attempt = 1; ; attempt++) {
    try {
      const unnamed = await listUnnamed(repository, base.manifest, signal);
      const idlePacks = searchPacks ? await searchIdle(repository, base, signal) : new Set<string>();
      return { generation: base.manifest.generation, unnamed, idlePacks };
    } catch (error) {
      if (!isHoldfastError(error, "object-missing")) throw error;
      const now = (await readNewestManifest(repository, task, signal)) ?? base;
      if (now.manifest.generation === base.manifest.generation || attempt === ATTEMPTS) throw error;
      base = now;
    }
  }
}

async function listUnnamed(
  { storage }: Repository,
  manifest: Manifest,
  signal: AbortSignal,
): Promise<Map<string, ObjectStat>> {
  const { task } = manifest;
  const needed = new Map<string, number>();
  for (const { id, bytes } of manifestSegments(manifest)) needed.set(segmentPath(task, id), bytes);
  for (const { id, bytes } of manifest.packs) needed.set(packPath(task, id), bytes);
  const unnamed = new Map<string, ObjectStat>();
  for (const prefix of [segmentsOf(task), packsOf(task)]) {
    for await (const object of storage.list(prefix, { signal })) {
      const bytes = needed.get(object.path);
      if (bytes === object.size) needed.delete(object.path);
      else if (bytes === undefined && isOwnFile(task, object.path)) unnamed.set(object.path, object);
    }
  }
  const [missing] = needed.keys();
  if (missing !== undefined) {
    throw new HoldfastError(
      "object-missing",
      `A listing of ${storage.location} lacks ${missing}, which the timeline needs, or shows it with another size` +
        `${needed.size > 1 ? `, and so for ${needed.size - 1} more` : ""}: nothing was cleaned up.`,
      { task, path: missing },
    );
  }
  return unnamed;
}

async function searchIdle(
  repository: Repository,
  base: StoredManifest,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> {
  const { manifest } = base;
  const underWay = await readOutsideNames(repository, manifest.task, base, signal);
  if (underWay.unreadable.length > 0) return new Set();
  const segments = [...manifestSegments(manifest), ...underWay.segments];
  return findIdlePacks(repository, manifest.task, segments, manifest.packs, signal);
}
