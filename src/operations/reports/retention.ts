/**
 * What operations tell about rollups, holds, the trash, cleanups and what will become of what is kept.
 */
import type { Level } from "../../model/level.ts";
import type { PolicyValue } from "../../model/policy/layers.ts";
import type { VersionRow } from "./items.ts";
import type { FreezeRow } from "./marks.ts";

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
