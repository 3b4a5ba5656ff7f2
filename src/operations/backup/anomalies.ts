/**
 * The anomaly guard: whether a run looks like an accident or an attack rather than like work.
 */
import type { AnomalyThresholds } from "../../model/policy/policy.ts";
import type { Anomaly, Manifest, TimelineEntry } from "../../repository/manifest.ts";

/** Why `entry`, about to follow `before`, should be marked; empty for an ordinary run. Pure. */
export function findAnomalies(
  _before: Manifest | undefined,
  _entry: TimelineEntry,
  _thresholds: AnomalyThresholds,
): readonly Anomaly[] {
  return [];
}
