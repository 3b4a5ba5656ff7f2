/**
 * What follows the commit of an erasure: the old files are deleted, and with them whatever else could tell the item's name
 * (older manifests and checkpoints hold the sealed first and last key of segments). Then the certificate is written, and the
 * erasure leaves the manifest. Cut off anywhere, it is finished by being repeated.
 */
import type { Clock } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import { deleteCondemned } from "../cleanup/delete-condemned.ts";
import { removeOldManifests } from "../cleanup/prune-manifests.ts";
import { tidyRuns } from "../cleanup/tidy-runs.ts";
import { oldestLeased } from "../leases.ts";
import type { CondemnedObject, Erasure } from "../manifest.ts";
import { restoresOf } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { amendManifest, readNewestManifest, type StoredManifest } from "../task-store.ts";
import { writeCertificate } from "./certificate.ts";

export interface FinishOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Finishes what can be finished; returns the erasures that must wait, because somebody still works from a generation before
 * them. Errors: `storage-*`, `task-busy`.
 */
export async function finishErasures(
  repository: Repository,
  task: TaskName,
  { clock, signal }: FinishOptions,
): Promise<readonly Erasure[]> {
  const stored = await readNewestManifest(repository, task, signal);
  if (stored === undefined || stored.manifest.erasing.length === 0) return [];
  const { erasing, condemned } = stored.manifest;
  const now = clock.now();
  for (const { restores } of erasing) {
    for (const restore of restores) await removeUndoRecord(repository, task, restore, signal);
  }
  await tidyRuns(repository, task, stored, now, signal);
  while ((await removeOldManifests(repository, task, stored, signal)) > 0);
  const oldestLease = await oldestLeased(repository, task, now, signal);
  const files = condemned.filter(({ deleting, why }) => deleting && why === "erased");
  const rules = { oldestLease, named: new Set<string>(), dryRun: false };
  const { gone } = await deleteCondemned(repository.storage, task, files, rules, signal);
  const left = new Set(files.map(({ path }) => path).filter((path) => !gone.has(path)));
  const done = erasing.filter((erasure) => !erasure.files.some(({ old }) => left.has(old.path)));
  for (const erasure of done) {
    await writeCertificate(repository, task, { ...erasure, completedAt: clock.now() }, signal);
  }
  await takeOff(repository, task, done, gone, clock, signal);
  return erasing.filter((erasure) => !done.includes(erasure));
}

/** First piece first: whoever reads a record that is half gone is told so. */
async function removeUndoRecord(
  { storage }: Repository,
  task: TaskName,
  restore: string,
  signal: AbortSignal,
): Promise<void> {
  const pieces: string[] = [];
  for await (const { path } of storage.list(`${restoresOf(task)}${restore}/`, { signal })) pieces.push(path);
  for (const path of pieces) await storage.remove(path, signal);
}

async function takeOff(
  repository: Repository,
  task: TaskName,
  done: readonly Erasure[],
  gone: ReadonlySet<string>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const ids = new Set(done.map(({ id }) => id));
  const isGone = ({ path, why }: CondemnedObject): boolean => why === "erased" && gone.has(path);
  await amendManifest(
    repository,
    task,
    ({ manifest }: StoredManifest) => {
      const erasing = manifest.erasing.filter(({ id }) => !ids.has(id));
      const condemned = manifest.condemned.filter((file) => !isGone(file));
      const changed =
        erasing.length !== manifest.erasing.length || condemned.length !== manifest.condemned.length;
      return changed ? { ...manifest, erasing, condemned, written: clock.now() } : undefined;
    },
    signal,
  );
}
