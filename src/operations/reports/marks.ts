/**
 * What operations tell about marked runs and frozen tasks.
 */
/** Rollup and cleanup of a task rest until a person has acknowledged a marked run. */
export interface FreezeRow {
  readonly since: string;
  /** The first run that was marked. */
  readonly run: string;
  /** Instant of the last run before it that was not; null when there is none. */
  readonly lastGood: string | null;
}

/** Why a run is marked: it looks like an accident or an attack. */
export interface AnomalyRow {
  readonly kind: "mass-deletion" | "mass-rewrite" | "sudden-growth" | "entropy-jump" | "feed-shrank";
  /** One sentence with the figures, and one that names the last good run. */
  readonly message: string;
  readonly observed: number;
  readonly threshold: number;
  /** What a person said of it, where the row comes from the timeline; absent until then. */
  readonly acknowledged?: { readonly at: string; readonly reason: string; readonly expected: boolean };
}

/** What `retention acknowledge` has done. */
export interface AcknowledgeReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  /** The marked runs that were acknowledged, oldest first; none where nothing was open. */
  readonly runs: readonly {
    readonly run: string;
    readonly instant: string;
    readonly anomalies: readonly AnomalyRow[];
  }[];
  /** What the task was frozen by; null when it was not. */
  readonly freeze: FreezeRow | null;
  readonly reason: string;
  readonly expected: boolean;
}
