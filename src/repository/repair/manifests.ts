/**
 * Bringing manifests back from a second copy of the repository. A copy's manifest is used only when its digest is the one
 * that the successor names, or the record of the run that committed it: any other may be of another history.
 */
import { createHash } from "node:crypto";
import type { Millis } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { ChainFound } from "../check/chain.ts";
import { manifestPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { commitManifest, readManifest } from "../task-store.ts";
import { soundObject } from "./copy-object.ts";

export interface ManifestRepair {
  readonly generation: number;
  readonly path: string;
  readonly repaired: boolean;
  /** Why not, for people. */
  readonly reason: string;
}

/**
 * Every broken generation, newest first: each that is brought back names the digest of the one before it. Errors:
 * `storage-*`.
 */
export async function repairManifests(
  repository: Repository,
  task: TaskName,
  { broken }: Pick<ChainFound, "broken">,
  copy: Repository,
  apply: boolean,
  signal: AbortSignal,
): Promise<ManifestRepair[]> {
  const repairs: ManifestRepair[] = [];
  const named = new Map<number, string | null>();
  for (const [generation, { digest }] of [...broken].sort(([a], [b]) => b - a)) {
    const path = manifestPath(task, generation);
    const wanted = digest ?? named.get(generation) ?? null;
    const object = await soundObject(copy, path, signal);
    const found = object && createHash("sha256").update(object).digest("hex");
    const repaired = object !== undefined && wanted !== null && found === wanted;
    if (repaired) {
      const { manifest } = await readManifest(copy, task, generation, signal);
      named.set(generation - 1, manifest.previous);
      if (apply && !(await isThere(repository, path, wanted, signal))) {
        await repository.storage.remove(path, signal);
        await repository.storage.create(path, object, signal);
      }
    }
    repairs.push({ generation, path, repaired, reason: reasonOf(object, wanted) });
  }
  return repairs;
}

/**
 * Begins the chain anew behind everything that anything speaks of, with what the newest manifest that reads says. False when
 * another writer was faster. Errors: `storage-*`.
 */
export async function beginChainAnew(
  repository: Repository,
  task: TaskName,
  { newest, spokenOf }: Pick<ChainFound, "newest" | "spokenOf">,
  now: Millis,
  signal: AbortSignal,
): Promise<boolean> {
  if (newest === undefined) return false;
  const { manifest, digest } = newest;
  const base = { manifest: { ...manifest, generation: spokenOf }, digest };
  const next = { ...manifest, written: now, chainFrom: spokenOf + 1 };
  return (await commitManifest(repository, task, base, next, signal)) !== undefined;
}

function reasonOf(object: Buffer | undefined, wanted: string | null): string {
  if (object === undefined) return "The copy does not have this generation, or not whole.";
  if (wanted === null)
    return "Neither a later generation nor a run's record says which manifest it must be, so the copy's cannot be proven.";
  return "The copy has another manifest of this generation: it is of another history.";
}

async function isThere(
  { storage }: Repository,
  path: string,
  digest: string,
  signal: AbortSignal,
): Promise<boolean> {
  if ((await storage.stat(path, signal)) === undefined) return false;
  const object = await storage.read(path, undefined, signal);
  return createHash("sha256").update(object).digest("hex") === digest;
}
