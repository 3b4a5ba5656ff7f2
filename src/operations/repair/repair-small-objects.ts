/**
 * Repairing records, checkpoints, pages of the journal, undo pieces and the like: only a copy of the repository has them.
 */
import type { TaskName } from "../../model/task.ts";
import { checksOf, generationIn, leasesOf } from "../../repository/paths.ts";
import { copySmallObject } from "../../repository/repair/copy-object.ts";
import type { Repository } from "../../repository/repository.ts";
import { listJournal } from "../../repository/run-journal.ts";
import { sealedPlaceAt } from "../../repository/sealed-places.ts";
import type { RepairedObject } from "../reports.ts";
import { damagesOf, repairedRow, unrepairedRow, type Damage } from "./objects.ts";
import { NO_COPY, type ChainOptions, type Checked } from "./repair-chain.ts";

/** Errors: `storage-*`. */
export async function repairSmallObjects(
  repository: Repository,
  task: TaskName,
  damages: ReadonlyMap<string, Damage>,
  { findings }: Pick<Checked, "findings">,
  { copy, apply }: ChainOptions,
  signal: AbortSignal,
): Promise<RepairedObject[]> {
  const rows: RepairedObject[] = [];
  const bring = async (damage: Damage): Promise<boolean> => {
    if (copy === undefined) return false;
    if (!(await copySmallObject(repository, copy.repository, damage.path, apply, signal))) return false;
    rows.push(repairedRow(damage, [{ place: copy.label, count: 1 }]));
    return true;
  };
  for (const damage of damages.values()) {
    const { path } = damage;
    if (sealedPlaceAt(path) === undefined || generationIn(path) !== undefined) continue;
    if (await bring(damage)) continue;
    if (path.startsWith(checksOf(task))) {
      // Nothing depends on it: what it told is read back again.
      if (apply) await repository.storage.remove(path, signal);
      rows.push(repairedRow(damage, []));
    } else {
      const next = path.startsWith(leasesOf(task)) ? "It runs out by itself within a day." : NO_COPY;
      rows.push(unrepairedRow(damage, next));
    }
  }
  // A record that is not there is no damage, but a copy may still have it, by itself or in a page of the journal.
  const absent = damagesOf(
    findings.filter(
      ({ severity, code, path }) =>
        severity === "note" && code === "object-missing" && sealedPlaceAt(path) !== undefined,
    ),
  );
  for (const damage of absent.values()) await bring(damage);
  if (copy === undefined || absent.size === 0) return rows;
  const there = new Set((await listJournal(repository, task, signal)).map(({ path }) => path));
  for (const { path } of await listJournal(copy.repository, task, signal)) {
    const damage = "The page of the journal is not there, and records of runs are missing.";
    if (!there.has(path)) await bring({ task, path, damage, runs: [], instants: [] });
  }
  return rows;
}
