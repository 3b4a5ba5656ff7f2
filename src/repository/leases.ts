/**
 * Leases: a reader or a run says which generation of a timeline it works from, so that no cleanup deletes what that
 * generation needs while it works. A lease that was left behind by a crash runs out.
 */
import type { Clock, Millis } from "../model/clock.ts";
import { isHoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import { newTimedId, timeOfId } from "./ids.ts";
import { leasePath, leasesOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";

/** A lease counts for this long after it was taken or renewed: a machine that slept longer must begin again. */
export const LEASE_MS = 24 * 3_600_000;
/** Renewed this often; a few renewals may fail. */
const RENEW_MS = 3_600_000;

/** Dispose of it when the work is done. */
export type Lease = AsyncDisposable;

/** Errors: `storage-*`. */
export async function takeLease(
  repository: Repository,
  task: TaskName,
  generation: number,
  clock: Clock,
): Promise<Lease> {
  let path = await writeLease(repository, task, generation, clock);
  let renewal: Promise<void> = Promise.resolve();
  const renew = async (): Promise<void> => {
    try {
      const next = await writeLease(repository, task, generation, clock);
      await repository.storage.remove(path);
      path = next;
    } catch {
      // The lease still has most of its time; the next renewal tries again.
    }
  };
  const timer = setInterval(() => {
    renewal = renew();
  }, RENEW_MS);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewal;
      // A lease that cannot be removed runs out: no reason to fail what was done under it.
      await repository.storage.remove(path).catch(() => {});
    },
  };
}

/**
 * The oldest generation that somebody works from; undefined when nobody does. A lease that does not read counts as one of
 * every generation until it has run out. Errors: `storage-*`.
 */
export async function oldestLeased(
  repository: Repository,
  task: TaskName,
  now: Millis,
  signal?: AbortSignal,
): Promise<number | undefined> {
  let oldest: number | undefined;
  for await (const { path, id } of listLeases(repository, task, signal)) {
    if (hasRunOut(id, now)) continue;
    const generation = await readLease(repository, task, path, id, signal);
    if (generation !== undefined) oldest = Math.min(oldest ?? generation, generation);
  }
  return oldest;
}

/** Removes leases that were left behind and have run out; returns how many. Errors: `storage-*`. */
export async function removeOldLeases(
  repository: Repository,
  task: TaskName,
  now: Millis,
  signal?: AbortSignal,
): Promise<number> {
  let removed = 0;
  for await (const { path, id } of listLeases(repository, task, signal)) {
    if (!hasRunOut(id, now)) continue;
    await repository.storage.remove(path, signal);
    removed += 1;
  }
  return removed;
}

async function* listLeases(
  repository: Repository,
  task: TaskName,
  signal: AbortSignal | undefined,
): AsyncGenerator<{ readonly path: string; readonly id: string }> {
  for await (const { path } of repository.storage.list(leasesOf(task), signal ? { signal } : {})) {
    yield { path, id: path.slice(leasesOf(task).length) };
  }
}

function hasRunOut(id: string, now: Millis): boolean {
  return timeOfId(id) < now - LEASE_MS;
}

/** Undefined when the lease was given back since it was listed. */
async function readLease(
  repository: Repository,
  task: TaskName,
  path: string,
  id: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    const object = await repository.storage.read(path, undefined, signal);
    const place = { purpose: "lease", scope: [task, id] } as const;
    return (openObject(repository.keyring, place, path, object) as { generation: number }).generation;
  } catch (error) {
    if (isHoldfastError(error, "object-missing")) return undefined;
    if (isHoldfastError(error, "object-damaged")) return 0;
    throw error;
  }
}

async function writeLease(
  repository: Repository,
  task: TaskName,
  generation: number,
  clock: Clock,
): Promise<string> {
  const id = newTimedId(clock.now());
  const path = leasePath(task, id);
  const place = { purpose: "lease", scope: [task, id] } as const;
  await repository.storage.create(path, sealObject(repository.keyring, place, { generation }));
  return path;
}
