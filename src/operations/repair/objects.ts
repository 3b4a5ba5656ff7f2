/**
 * The rows of a repair's report.
 */
import type { CheckFinding } from "../../repository/check/finding.ts";
import type { Finding, RepairedObject } from "../reports.ts";

/** One damaged object, before anything was done about it. */
export type Damage = Pick<RepairedObject, "task" | "path" | "damage" | "runs" | "instants">;

/** Findings by path, told as one damage each; in the order of the first finding. */
export function damagesOf(findings: readonly (CheckFinding | Finding)[]): Map<string, Damage> {
  const damages = new Map<string, Damage>();
  for (const { task, path, message, runs, instants } of findings) {
    const known = damages.get(path);
    damages.set(path, {
      task,
      path,
      damage: known === undefined ? message : `${known.damage} ${message}`,
      runs: [...new Set([...(known?.runs ?? []), ...runs])],
      instants: [...new Set([...(known?.instants ?? []), ...instants])],
    });
  }
  return damages;
}

/** An object that is whole again. */
export function repairedRow(
  damage: Damage,
  found: RepairedObject["found"],
  replacement: string | null = null,
): RepairedObject {
  return { ...damage, outcome: "repaired", found, replacement, lost: [], lostCount: 0, next: "" };
}

/** An object that was left as it is. */
export function unrepairedRow(damage: Damage, next: string): RepairedObject {
  return { ...damage, outcome: "unrepaired", found: [], replacement: null, lost: [], lostCount: 0, next };
}

export function foundIn(sources: ReadonlyMap<string, number>): RepairedObject["found"] {
  return [...sources].map(([place, count]) => ({ place, count }));
}
