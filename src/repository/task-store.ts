/**
 * One task's manifests: reading the newest and committing the next.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import { decodeBuffers, encodeBuffers } from "./json-buffers.ts";
import {
  completeManifest,
  MANIFEST_FORMAT,
  manifestPaths,
  type Manifest,
  type StoredShape,
} from "./manifest.ts";
import { generationIn, manifestPath, manifestsOf } from "./paths.ts";
import type { Repository } from "./repository.ts";
import { openObject, sealObject } from "./sealed-object.ts";

/** A manifest as it lies in the repository. */
export interface StoredManifest {
  readonly manifest: Manifest;
  /** SHA-256 of the object, hex: what the successor names. */
  readonly digest: string;
}

/** Everything but what the commit itself decides. */
export type NextManifest = Omit<Manifest, "format" | "repository" | "task" | "generation" | "previous">;

/**
 * The newest manifest, or undefined for a task without one. Every generation from the one that it names as its chain's first
 * must be listed. Errors: `chain-broken`, `object-*`, `storage-*`.
 */
export async function readNewestManifest(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): Promise<StoredManifest | undefined> {
  let newest = 0;
  /** First of the listed generations that follow each other without a gap up to the newest. */
  let from = 0;
  for await (const generation of generations(repository, task, signal)) {
    if (generation !== newest + 1) from = generation;
    else if (newest === 0) from = 1;
    newest = generation;
  }
  if (newest === 0) return undefined;
  const stored = await readManifest(repository, task, newest, signal);
  if (from > stored.manifest.chainFrom) {
    throw new HoldfastError(
      "chain-broken",
      `The manifest of generation ${from - 1} of ${task} is missing, though generation ${from} exists.`,
      { task, path: manifestPath(task, from - 1) },
    );
  }
  return stored;
}

/** The number of the newest generation, without reading it; 0 for a task without a manifest. Errors: `storage-*`. */
export async function newestGeneration(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): Promise<number> {
  let newest = 0;
  for await (const generation of generations(repository, task, signal)) newest = generation;
  return newest;
}

/** The generations that exist, ascending. */
export async function* generations(
  repository: Repository,
  task: TaskName,
  signal?: AbortSignal,
): AsyncGenerator<number> {
  for await (const { path } of repository.storage.list(manifestsOf(task), signal ? { signal } : {})) {
    const generation = generationIn(path);
    if (generation !== undefined) yield generation;
  }
}

/** One generation. Errors: `object-missing`, `object-damaged`, `repository-newer`. */
export async function readManifest(
  repository: Repository,
  task: TaskName,
  generation: number,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  const path = manifestPath(task, generation);
  const object = await repository.storage.read(path, undefined, signal);
  const place = { purpose: "manifest", scope: [task, String(generation)] } as const;
  const stored = decodeBuffers(openObject(repository.keyring, place, path, object)) as StoredShape;
  if (stored.format !== MANIFEST_FORMAT) {
    throw new HoldfastError("repository-newer", `${path} has format ${String(stored.format)}.`, {
      task,
      path,
    });
  }
  return { manifest: completeManifest(stored), digest: createHash("sha256").update(object).digest("hex") };
}

/**
 * Commits the generation after `base` (undefined: the first). Returns undefined when another writer was faster: nothing
 * is committed then, and the caller reads the newest manifest and decides again.
 *
 * A condemned file that `next` needs again is no longer condemned. Errors: `object-missing` when a cleanup has already begun
 * to delete such a file, or has deleted it (this writer slept for a day or more); nothing is committed then.
 */
export async function commitManifest(
  repository: Repository,
  task: TaskName,
  base: StoredManifest | undefined,
  next: NextManifest,
  signal?: AbortSignal,
): Promise<StoredManifest | undefined> {
  const generation = (base?.manifest.generation ?? 0) + 1;
  const needed = manifestPaths({ ...next, task });
  const gone = next.condemned.find(({ path, deleting }) => deleting && needed.has(path));
  if (gone !== undefined) throw cleanedUp(task, gone.path);
  if (base !== undefined) await proveThere(repository, base.manifest, needed, signal);
  const manifest: Manifest = {
    ...next,
    condemned: next.condemned.filter(({ path }) => !needed.has(path)),
    format: MANIFEST_FORMAT,
    repository: repository.id,
    task,
    generation,
    previous: base?.digest ?? null,
  };
  const place = { purpose: "manifest", scope: [task, String(generation)] } as const;
  const object = sealObject(repository.keyring, place, encodeBuffers(manifest));
  const outcome = await repository.storage.create(manifestPath(task, generation), object, signal);
  if (outcome === "exists" || (await isStray(repository, task, generation, signal))) return undefined;
  return { manifest, digest: createHash("sha256").update(object).digest("hex") };
}

/**
 * Whether a generation that was just created had been there before and was cleaned up: then its writer slept for days, newer
 * ones exist, and their chain begins behind it. It stays for the next cleanup, which removes what lies before the chain.
 */
async function isStray(
  repository: Repository,
  task: TaskName,
  generation: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if ((await newestGeneration(repository, task, signal)) === generation) return false;
  const newest = await readNewestManifest(repository, task, signal);
  return newest !== undefined && newest.manifest.chainFrom > generation;
}

/** Files asked for at once. */
const STATS_AT_ONCE = 16;

/**
 * Whatever `base` does not need yet is there. Asked after `base` was read: a cleanup that deletes one of these files from now
 * on must commit first, and then this commit loses.
 */
async function proveThere(
  { storage }: Repository,
  base: Manifest,
  needed: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = manifestPaths(base);
  const added = [...needed].filter((path) => !known.has(path));
  for (let start = 0; start < added.length; start += STATS_AT_ONCE) {
    const batch = added.slice(start, start + STATS_AT_ONCE);
    const found = await Promise.all(batch.map(async (path) => storage.stat(path, signal)));
    const missing = batch[found.indexOf(undefined)];
    if (missing !== undefined) throw cleanedUp(base.task, missing);
  }
}

function cleanedUp(task: TaskName, path: string): HoldfastError {
  const message = `${path} was cleaned up before this writer, which had written it, committed.`;
  return new HoldfastError("object-missing", message, { task, path });
}

/** Other writers may be faster this often before an amendment gives up. */
const AMEND_ATTEMPTS = 20;

/**
 * Commits a change of the newest manifest, deciding again on a newer one for as long as other writers are faster.
 * `amend` is told the newest manifest and returns what follows it, or undefined to leave it. Returns what was committed, or
 * the manifest that was left. Errors: `source-unknown` for a task without a timeline, `task-busy`, `storage-*`, whatever
 * `amend` throws.
 */
export async function amendManifest(
  repository: Repository,
  task: TaskName,
  amend: (current: StoredManifest) => NextManifest | undefined | Promise<NextManifest | undefined>,
  signal?: AbortSignal,
): Promise<StoredManifest> {
  for (let attempt = 1; attempt <= AMEND_ATTEMPTS; attempt++) {
    signal?.throwIfAborted();
    const current = await readNewestManifest(repository, task, signal);
    if (current === undefined) {
      throw new HoldfastError("source-unknown", `Nothing has been kept for ${task} yet.`, { task });
    }
    const next = await amend(current);
    if (next === undefined) return current;
    const committed = await commitManifest(repository, task, current, next, signal);
    if (committed !== undefined) return committed;
  }
  throw new HoldfastError("task-busy", `Other writers kept committing to ${task}.`, { task });
}
