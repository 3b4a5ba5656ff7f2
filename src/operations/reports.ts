/**
 * What operations tell their callers (the command line, the API, the library). Plain data: every field survives JSON,
 * times are ISO 8601 UTC with milliseconds, sizes are bytes, durations ms. Field names are published; add, never rename.
 */
import type { Level } from "../model/level.ts";
import type { PolicyValue } from "../model/policy/layers.ts";
import type { VersionKind } from "../model/version.ts";
import type { RestoreAction, RestoreMode } from "../sources/source.ts";

/** A task with the state of its timeline. */
export interface TaskSummary {
  readonly task: string;
  readonly source: string;
  readonly kind: string;
  readonly collection: string;
  readonly epoch: number;
  readonly instants: number;
  readonly oldest: string;
  readonly latest: string;
  /** When its next run is due; null where its source is not configured. */
  readonly nextDue: string | null;
  /** Bytes in the repository: segments and packs. */
  readonly storedBytes: number;
  /** Absent for a task that is not frozen. */
  readonly frozen?: FreezeRow;
}

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

/** What `erase` did, or would do: the certificate, and the item's name, which the kept certificate does not have. */
export interface EraseReport extends ErasureRow {
  readonly item: string;
  /** False: a preview. */
  readonly applied: boolean;
  /** Bytes of the files that held it. */
  readonly bytes: number;
  /** Blobs that no other item refers to. */
  readonly blobs: number;
  readonly durationMs: number;
}

/** The certificate of an erasure. */
export interface ErasureRow {
  readonly erasure: string;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  /** Keyed hash of the item's key: whoever has the repository's key can tell which item it was, nobody else. */
  readonly itemHash: string;
  readonly at: string;
  readonly reason: string;
  /** The first generation without the item; null in a preview. */
  readonly generation: number | null;
  /** When its old files were all gone; null while some wait for somebody who still reads an older generation. */
  readonly completedAt: string | null;
  /** Each version that was removed, with the instants at which it was kept. */
  readonly versions: readonly { readonly seen: string; readonly instants: readonly string[] }[];
  /** Files that held it, and what stands in their place; `sha256` is null for a file that no manifest named. */
  readonly files: readonly {
    readonly path: string;
    readonly sha256: string | null;
    readonly into: readonly { readonly path: string; readonly sha256: string | null }[];
  }[];
  /** Restores that cannot be undone any more. */
  readonly restores: readonly string[];
  /** What the erasure does not reach, in sentences. */
  readonly notReached: readonly string[];
}

/** One execution of a task's backup, finished or not. */
export interface RunReport {
  readonly run: string;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly state: "running" | "committed" | "failed" | "interrupted" | "superseded";
  readonly kind: "baseline" | "delta" | null;
  /** Why a new baseline was made, where it was not the first. */
  readonly reason?: string;
  readonly level: Level | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** The new instant. */
  readonly instant: string | null;
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly blobs: number;
  /** Body bytes read, and bytes added to the repository. */
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly requests: number;
  readonly durationMs: number;
  readonly warnings: readonly string[];
  /** Absent where no rollup was asked for, or the key may not read. */
  readonly maintenance?: MaintenanceReport;
  /** Why the run was marked; absent for an ordinary one. */
  readonly anomalies?: readonly AnomalyRow[];
  /** What froze the task, as it is after the run; told by `backup` only. */
  readonly frozen?: FreezeRow;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A baseline or delta of a timeline. */
export interface DeltaRow {
  readonly id: string;
  readonly epoch: number;
  readonly level: Level;
  /** Exclusive start; null for a baseline. */
  readonly from: string | null;
  /** The instant. */
  readonly to: string;
  readonly run: string;
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  readonly bodyBytes: number;
  readonly storedBytes: number;
  readonly segments: number;
  /** Why the run, or a run that was merged into it, was marked; absent when none was. */
  readonly anomalies?: readonly AnomalyRow[];
}

export interface ItemRow {
  readonly key: string;
  readonly kind: VersionKind;
  readonly revision: string;
  /** When the run saw this version. */
  readonly seen: string;
  readonly bytes: number;
  /** Conflicting leaf revisions beside the winner. */
  readonly parts: number;
  readonly blobs: number;
}

/** One kept version in an item's history. */
export interface VersionRow extends ItemRow {
  readonly level: Level;
  readonly epoch: number;
  /** The instant at which the version is kept. */
  readonly instant: string;
  readonly sequence: string;
}

/** How exact an answer about the past is. */
export interface ExactnessRow {
  /** `second`: the very instant. Else the unit of the delta in which the time that was asked for lies. */
  readonly precision: "second" | "run" | "day" | "week" | "month" | "year" | "epoch";
  /** The kept instant that answers. */
  readonly instant: string;
  /** The next kept instant; null when there is none. */
  readonly next: string | null;
}

/** What changed for one item between two instants. */
export interface ChangeRow {
  readonly key: string;
  readonly change: "added" | "changed" | "deleted";
  readonly before: string | null;
  readonly after: string | null;
}

export interface RestoreItemRow {
  readonly key: string;
  readonly action: RestoreAction;
  readonly revision?: string;
  readonly previousRevision?: string;
  readonly reason?: string;
}

export interface RestoreReport {
  /** Names the undo record; null in a preview or where there is nothing to undo. */
  readonly restore: string | null;
  readonly task: string;
  readonly instant: string;
  /** Absent for an undo, which goes to the state right before. */
  readonly exactness?: ExactnessRow;
  readonly target: string;
  readonly mode: RestoreMode;
  readonly applied: boolean;
  readonly counts: Readonly<Record<RestoreAction, number>>;
  /** The first of each action, for reading. */
  readonly samples: readonly RestoreItemRow[];
  /** Every item that was not restored, up to 1,000. */
  readonly failures: readonly RestoreItemRow[];
  readonly durationMs: number;
  readonly undo: string | null;
}

export interface CompareReport {
  readonly task: string;
  readonly instant: string;
  readonly exactness: ExactnessRow;
  readonly target: string;
  readonly equal: boolean;
  readonly items: number;
  readonly parts: number;
  readonly blobs: number;
  readonly differences: readonly {
    readonly key: string;
    readonly difference: string;
    readonly detail: string;
  }[];
  readonly differenceCount: number;
  readonly durationMs: number;
}

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

/** An entry of the timeline that a rollup made, or would make. */
export interface RolledUpRow {
  /** The entry's id: a function of its inputs. */
  readonly id: string;
  readonly level: Level;
  readonly from: string | null;
  /** The instant. */
  readonly to: string;
  /** `gathered`: its inputs' segments under one entry. `merged`: written anew, one version for each item. */
  readonly how: "gathered" | "merged";
  /** Instants of its inputs, oldest first. */
  readonly inputs: readonly string[];
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** An instant that a rollup gives up. */
export interface DropRow {
  readonly instant: string;
  readonly level: Level;
  /** What it is merged into. */
  readonly into: { readonly level: Level; readonly bucket: string };
  /** `keep`: its level held more than its number. `order`: coarser deltas lie behind it. */
  readonly rule: "keep" | "order";
}

/** What `rollup` did to a task, or would do. */
export interface RollupReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly dryRun: boolean;
  /** The manifest that first has it; null when nothing was done. */
  readonly generation: number | null;
  /** `frozen`: something was due and nothing was done, because an anomaly was not acknowledged yet. */
  readonly refused: "frozen" | null;
  readonly rolledUp: readonly RolledUpRow[];
  /** Instants that are not kept any more; `trash` brings them back until cleanup. */
  readonly drops: readonly DropRow[];
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly durationMs: number;
}

/** What rollup and cleanup did after a run. */
export interface MaintenanceReport {
  /** Entries made. */
  readonly rolledUp: number;
  /** Instants given up. */
  readonly dropped: number;
  readonly cleanedFiles: number;
  readonly cleanedBytes: number;
  readonly refused: "frozen" | null;
  /** What went wrong; the run is kept all the same. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** Something that rollup, cleanup and erasure leave alone. */
export interface HoldRow {
  /** Its id; null where it would only be made. */
  readonly hold: string | null;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly kind: "instant" | "item" | "prefix";
  readonly instant: string | null;
  /** The item or the prefix; null for an instant, and where the key that was given may not read. */
  readonly key: string | null;
  readonly reason: string;
  readonly since: string;
}

/** What a policy keeps, until when and why: the rollup's own decision, repeated over the runs to come. */
export interface RetentionPreview {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  /** When it was foretold. */
  readonly at: string;
  /** The effective policy, and where each value was set. */
  readonly policy: readonly PolicyValue[];
  /** Absent for a task that is not frozen; else everything is foretold as if it were acknowledged now. */
  readonly frozen?: FreezeRow;
  /** Newest first. */
  readonly instants: readonly RetentionRow[];
  /** What a rollup would give up now. */
  readonly due: readonly DropRow[];
  /** What the rollup after the next run gives up, those included. */
  readonly next: { readonly run: string; readonly drops: readonly DropRow[] };
  /** The chosen item's versions, newest first; absent where none was chosen. */
  readonly versions?: readonly VersionRetentionRow[];
  /** The same with other numbers; absent where none were given. */
  readonly whatIf?: RetentionWhatIf;
}

/** One kept instant and its future. */
export interface RetentionRow {
  readonly instant: string;
  readonly level: Level;
  readonly epoch: number;
  /** In words: `daily 3 of 7`, `held: audit`, `baseline`. */
  readonly rule: string;
  readonly until: RetentionUntil;
}

/**
 * `at`: given up after the run of that time. `after`: not before that time; the forecast reaches no further. `held`: not while a
 * hold lasts, its own or that of the next instant.
 */
export interface RetentionUntil {
  readonly kind: "at" | "after" | "held" | "never";
  /** Null for held and never. */
  readonly time: string | null;
  /** What it is merged into; null where it is not given up. The bucket of a baseline is empty. */
  readonly into: { readonly level: Level; readonly bucket: string } | null;
}

/** One version of an item: it can be read as long as any instant is kept at which it was the state. */
export interface VersionRetentionRow extends VersionRow {
  /** The instant that keeps it longest. */
  readonly keptAt: string;
  readonly rule: string;
  readonly until: RetentionUntil;
}

export interface RetentionWhatIf {
  /** The values that differ. */
  readonly policy: readonly PolicyValue[];
  readonly instants: readonly RetentionRow[];
  readonly due: readonly DropRow[];
  readonly next: { readonly run: string; readonly drops: readonly DropRow[] };
  readonly versions?: readonly VersionRetentionRow[];
  /** Instants that fare otherwise, newest first. `dropped`: the next rollup would give them up at once. */
  readonly changes: readonly {
    readonly instant: string;
    readonly change: "dropped" | "shorter" | "longer";
    readonly before: RetentionUntil;
    readonly after: RetentionUntil;
  }[];
}

/** An instant that can be brought back. */
export interface TrashRow {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly instant: string;
  readonly epoch: number;
  readonly level: Level;
  readonly retiredAt: string;
  /** When cleanup forgets it; null for never, or where the task's source is not configured. */
  readonly until: string | null;
  /** Bytes of its files that the timeline does without. Instants may share files. */
  readonly bytes: number;
}

/** `trash restore`. */
export interface TrashReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly instant: string;
  readonly applied: boolean;
  /** The hold that keeps it; null in a dry run. */
  readonly hold: string | null;
}

/** A file that cleanup is concerned with. */
export interface CleanupFile {
  readonly task: string;
  /** Repository object. */
  readonly path: string;
  readonly bytes: number;
  /** A rollup replaced it; nothing names it; what was in it was erased, or repaired elsewhere. */
  readonly why: "retired" | "unreferenced" | "erased" | "repaired";
  /** `waits`: for its time, or for a reader to finish. */
  readonly fate: "deleted" | "waits";
}

/** What `cleanup` did to a task, or would do. */
export interface CleanupReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly dryRun: boolean;
  /** `frozen`: nothing was done, because an anomaly was not acknowledged yet. */
  readonly refused: "frozen" | null;
  /** Instants that could be brought back until now. */
  readonly forgotten: readonly string[];
  /** Files deleted, or that would be, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Files that will be deleted when their time is over or a reader has finished, and their bytes. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** The first files concerned. */
  readonly examples: readonly CleanupFile[];
  /** Whether the task's folders were searched for files that nothing names; done once a day. */
  readonly swept: boolean;
  /** Small objects that nobody needs any more; all zero in a dry run. */
  readonly removed: {
    readonly manifests: number;
    readonly checkpoints: number;
    readonly leases: number;
    /** Run records that moved into the journal. */
    readonly records: number;
  };
  readonly durationMs: number;
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

/** What `export` wrote. */
export interface ExportReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly instant: string;
  readonly exactness: ExactnessRow;
  /** No change acknowledged before this is missing; null where only single items are kept at the instant. */
  readonly completeAsOf: string | null;
  readonly format: "couchbackup" | "ndjson" | "tar";
  /** The file; null for a stream. */
  readonly output: string | null;
  /** Whether contents of attachments were asked for. */
  readonly attachments: boolean;
  readonly items: number;
  readonly documents: number;
  /** Leaf revisions of the documents, deleted ones among them. */
  readonly revisions: number;
  /** Documents that are deleted. */
  readonly deleted: number;
  /** Attachments with their contents. */
  readonly blobs: number;
  /** Attachments without their contents: not asked for, or never kept. */
  readonly contentMissing: number;
  /** Items that are not in it because their versions are lost. */
  readonly lost: number;
  /** Items that the format has no place for. */
  readonly leftOut: { readonly security: number; readonly settings: number; readonly local: number };
  /** couchbackup: design documents that validate writes; they come last. */
  readonly validators: number;
  readonly bytes: number;
  /** Of everything that was written. */
  readonly sha256: string;
  readonly durationMs: number;
}

/** What `import` made of a file, or would make. */
export interface ImportReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly file: string;
  readonly format: "couchbackup" | "ndjson" | "tar";
  /** Whose data it says it holds; empty where the format does not say. */
  readonly origin: string;
  /** The baseline's instant, and what it was taken from. */
  readonly instant: string;
  readonly instantFrom: "--at" | "the file's header" | "the file's own time";
  /** False: a preview. */
  readonly applied: boolean;
  /** Null in a preview. */
  readonly run: string | null;
  /** Null in a preview, which does not bring revisions of one document together. */
  readonly documents: number | null;
  readonly deleted: number | null;
  /** Revisions of documents in the file, repetitions among them. */
  readonly revisions: number;
  /** Revisions that stood in the file more than once, or behind another one of their document; null in a preview. */
  readonly repeated: number | null;
  /** Items that are no documents: the security object, settings, local documents. */
  readonly otherItems: number;
  /** Contents of attachments. */
  readonly blobs: number;
  /** Revisions that came without one and were given a made-up one. */
  readonly madeUpRevisions: number;
  /** Documents with attachments whose contents are not in the file; the first 1,000 by name. */
  readonly contentMissing: {
    readonly documents: number;
    readonly examples: readonly { readonly key: string; readonly attachments: readonly string[] }[];
  };
  /** Lines that an interrupted couchbackup left unfinished. */
  readonly tornLines: number;
  /** The file is cut off, which was accepted. */
  readonly truncated: boolean;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly warnings: readonly string[];
  readonly durationMs: number;
}

/** A step of a long operation; every number is a total so far. */
export interface OperationProgress {
  readonly operation: string;
  readonly task: string | null;
  readonly phase: string;
  readonly done: number;
  readonly total?: number;
  readonly bytes: number;
}
