/**
 * Repairing a task's chain of manifests: from a copy, where it can be proven; else, when the loss is accepted, by a chain that
 * begins anew with what the newest manifest says that reads.
 */
import type { Clock } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import type { CheckedTask } from "../../repository/check/check-task.ts";
import type { CheckFinding } from "../../repository/check/finding.ts";
import { generationIn } from "../../repository/paths.ts";
import { beginChainAnew, repairManifests } from "../../repository/repair/manifests.ts";
import type { Repository } from "../../repository/repository.ts";
import type { RepairedObject } from "../reports.ts";
import { damagesOf, repairedRow, unrepairedRow, type Damage } from "./objects.ts";

/** A second copy of the repository, opened with the same keys. */
export interface RepositoryCopy {
  readonly repository: Repository;
  /** What it is called in reports: `the copy in …`. */
  readonly label: string;
}

/** What a check found of one task. */
export interface Checked {
  readonly findings: readonly CheckFinding[];
  readonly checked: CheckedTask;
}

export interface ChainOptions {
  readonly copy: RepositoryCopy | undefined;
  readonly acceptLoss: boolean;
  readonly apply: boolean;
}

export const NO_COPY = "Name a copy of the repository that has it with --from.";
const OR_ANEW = "--accept-loss begins the chain anew without it.";

/** `changed`: the chain is another one now. Errors: `storage-*`. */
export async function repairChain(
  repository: Repository,
  task: TaskName,
  { findings, checked }: Checked,
  { copy, acceptLoss, apply }: ChainOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly RepairedObject[]; readonly changed: boolean }> {
  const { chain } = checked;
  const damages = damagesOf(findings.filter(({ path }) => generationIn(path) !== undefined));
  if (damages.size === 0) return { rows: [], changed: false };
  const repairs =
    copy === undefined ? [] : await repairManifests(repository, task, chain, copy.repository, apply, signal);
  const repaired = new Set(repairs.flatMap((one) => (one.repaired ? [one.generation] : [])));
  const isMended = (generation: number): boolean =>
    // Told at the generation after the one that was another: it is whole with its predecessor.
    repaired.has(generation) || (repaired.has(generation - 1) && !chain.broken.has(generation));
  const left = [...damages.values()].filter(({ path }) => !isMended(generationIn(path) ?? 0));
  const anew = left.length > 0 && acceptLoss && chain.newest !== undefined;
  if (anew && apply) await beginChainAnew(repository, task, chain, clock.now(), signal);
  const rows = [...damages.values()].map((damage) => {
    const generation = generationIn(damage.path) ?? 0;
    if (copy !== undefined && isMended(generation))
      return repairedRow(damage, [{ place: copy.label, count: 1 }]);
    if (anew) return givenUpRow(damage, generation, checked);
    const reason = repairs.find((one) => one.generation === generation)?.reason ?? NO_COPY;
    return unrepairedRow(damage, chain.newest === undefined ? reason : `${reason} ${OR_ANEW}`);
  });
  return { rows, changed: apply && (repaired.size > 0 || anew) };
}

/** With a manifest that a newer one follows nothing is lost: the newer one lists everything. */
function givenUpRow(damage: Damage, generation: number, { chain, runs }: CheckedTask): RepairedObject {
  const newer = (chain.newest?.manifest.generation ?? 0) >= generation;
  const { live, deleted, purged } = runs.commits.get(generation)?.counts ?? NOTHING;
  return {
    ...damage,
    outcome: "given-up",
    found: [],
    replacement: null,
    lost: [],
    lostCount: newer ? 0 : live + deleted + purged,
    next: newer
      ? "Nothing is lost with it: later generations list everything."
      : "Run `holdfast backup --reconcile`: what the source still has is kept again. Repeat erasures that were made last.",
  };
}

const NOTHING = { live: 0, deleted: 0, purged: 0 };
