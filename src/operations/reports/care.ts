/**
 * What operations tell about checks and repairs.
 */
/** Something `check` found. */
export interface Finding {
  readonly severity: "error" | "warning" | "note";
  readonly code: string;
  readonly task: string | null;
  /** Repository object. */
  readonly path: string;
  readonly message: string;
  /** Runs and instants whose versions are concerned. */
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  /** Items concerned: exact keys where they are known, else a range in words. */
  readonly items: readonly string[];
}

export interface CheckReport {
  readonly ok: boolean;
  readonly tasks: number;
  readonly segments: number;
  readonly packs: number;
  readonly bytesRead: number;
  readonly findings: readonly Finding[];
  readonly durationMs: number;
  /** How much of what was checked has been read back lately; absent when nothing is kept. */
  readonly coverage?: CoverageReport;
  /** The same for each task. */
  readonly taskCoverage?: readonly TaskCoverage[];
}

/** How much was read back lately, by this check or earlier ones, and was sound. */
export interface CoverageReport {
  /** Bytes of all files that timelines and undo records need. */
  readonly bytes: number;
  /** Bytes of those that were read back since `since`. */
  readonly readBytes: number;
  /** `readBytes / bytes`. */
  readonly share: number;
  readonly since: string;
  /** When the file that was not read back for longest was read back; null when one never was. */
  readonly oldest: string | null;
}

export interface TaskCoverage extends CoverageReport {
  readonly task: string;
}

/** What `repair` did, or would do where `applied` is false. */
export interface RepairReport {
  /** Whether everything that was damaged is whole again, or would be. */
  readonly ok: boolean;
  readonly applied: boolean;
  readonly tasks: number;
  readonly objects: readonly RepairedObject[];
  /** Versions, blobs and small objects that were brought back from other places. */
  readonly recovered: number;
  /** Versions and blobs that no place has. */
  readonly lost: number;
  readonly durationMs: number;
}

/** What became of one damaged object. */
export interface RepairedObject {
  readonly task: string | null;
  readonly path: string;
  /** What was wrong with it, as `check` tells it. */
  readonly damage: string;
  /** Runs and instants whose versions are concerned. */
  readonly runs: readonly string[];
  readonly instants: readonly string[];
  /** `given-up`: replaced by what was found; what is lost is marked. `unrepaired`: left as it is. */
  readonly outcome: "repaired" | "given-up" | "unrepaired";
  /** Where its content was found, and how many versions or blobs in each place. */
  readonly found: readonly { readonly place: string; readonly count: number }[];
  /** The file that stands in its place; null where it is the same one, or none. */
  readonly replacement: string | null;
  /** Everything that no place has. */
  readonly lost: readonly LostRow[];
  readonly lostCount: number;
  /** What to do; empty when it is whole. */
  readonly next: string;
}

/** Lost versions of a segment, or lost blobs of an item. */
export interface LostRow {
  /** The item, where its name is known; else `count` of the items from `from` to `to`. */
  readonly key: string | null;
  readonly from: string;
  readonly to: string;
  readonly count: number;
}
