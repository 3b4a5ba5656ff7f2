/**
 * Marks of runs and the freeze that follows them, in the words of reports.
 */
import { formatInstant } from "../model/instant.ts";
import type { Anomaly, Freeze } from "../repository/manifest.ts";
import type { AnomalyRow, FreezeRow } from "./reports.ts";

/** Nothing for an ordinary run. */
export function markRows(anomalies: readonly Anomaly[] | undefined): {
  readonly anomalies?: readonly AnomalyRow[];
} {
  return anomalies === undefined || anomalies.length === 0 ? {} : { anomalies: anomalies.map(anomalyRow) };
}

/** Nothing for a task that is not frozen. */
export function freezeRows(freeze: Freeze | null | undefined): { readonly frozen?: FreezeRow } {
  return freeze === null || freeze === undefined ? {} : { frozen: freezeRow(freeze) };
}

export function freezeRow({ since, run, lastGood }: Freeze): FreezeRow {
  return {
    since: new Date(since).toISOString(),
    run,
    lastGood: lastGood === null ? null : formatInstant(lastGood),
  };
}

export function anomalyRow({ acknowledged, ...anomaly }: Anomaly): AnomalyRow {
  if (acknowledged === undefined) return anomaly;
  const { at, reason, expected } = acknowledged;
  return { ...anomaly, acknowledged: { at: new Date(at).toISOString(), reason, expected } };
}
