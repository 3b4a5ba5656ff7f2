/**
 * What the command line itself adds to the JSON of operations. Field names are published; add, never rename.
 */
import type { ErrorClass } from "../model/error-codes.ts";
import type { ErrorContext } from "../model/errors.ts";
import type { InitReport } from "../operations/init.ts";
import type {
  CleanupFile,
  CleanupReport,
  ExactnessRow,
  OperationProgress,
  RestoreItemRow,
  RestoreReport,
  VersionRow,
} from "../operations/reports.ts";

/** `init`. */
export interface InitDocument extends InitReport {
  /** The configuration file that the repository was entered into; null when it was not. */
  readonly config: string | null;
}

/** `source test`: one source. */
export type SourceTestRow = {
  readonly source: string;
} & (
  | {
      readonly ok: true;
      readonly service: string;
      readonly version: string;
      readonly user: string;
      readonly abilities: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
    }
  | { readonly ok: false; readonly error: { readonly code: string; readonly message: string } }
);

/** `cat`: the bodies are texts, so that no number in them passes through a parser. */
export interface CatDocument {
  readonly version: VersionRow;
  /** One body for each leaf revision, the winner first. */
  readonly parts: readonly string[];
  /** Absent for a version that its revision names. */
  readonly exactness?: ExactnessRow;
}

/** `diff` of an item. */
export interface DiffDocument {
  readonly task: string;
  readonly item: string;
  /** Null where the item is not there, and for `live`. */
  readonly a: VersionRow | null;
  readonly b: VersionRow | null;
  /** Of the sides that a time named. */
  readonly exactness: { readonly a?: ExactnessRow; readonly b?: ExactnessRow };
  readonly changes: readonly DiffChange[];
}

/** One change in a body; numbers are exactly as they are kept. */
export interface DiffChange {
  /** JSON pointer. */
  readonly path: string;
  readonly kind: "added" | "removed" | "changed" | "reordered";
  readonly before?: unknown;
  readonly after?: unknown;
}

/** `restore` and `undo` with `--list-items`: one line for each item, then the report. */
export type RestoreLine = { readonly item: RestoreItemRow } | { readonly report: RestoreReport };

/** `cleanup` with `--list`: one line for each file, then the task's report. */
export type CleanupLine = { readonly file: CleanupFile } | { readonly report: CleanupReport };

/** `key list`: a file among the slots that cannot be used. */
export interface UnusableKey {
  readonly path: string;
  readonly error: { readonly code: string; readonly message: string };
}

/** `key remove`. */
export interface KeyRemoved {
  readonly removed: string;
}

/** `sandbox`, once it listens: the member of the service that it stands for. */
export interface SandboxDocument {
  readonly couchdb?: {
    readonly url: string;
    readonly user: { readonly name: string; readonly password: string };
  };
  readonly watson?: {
    readonly service: "watson-tts" | "watson-stt";
    /** Everything before `/v1`. */
    readonly url: string;
    readonly apiKey: string;
    readonly tokenUrl: string;
    /** Everything before `/v1/authorize`. */
    readonly authUrl: string;
  };
  readonly formRecognizer?: {
    readonly resources: readonly {
      readonly name: string;
      readonly endpoint: string;
      readonly keys: readonly string[];
      readonly resourceId: string;
      readonly region: string;
    }[];
  };
}

/** `gateway`, once it listens. */
export interface GatewayDocument {
  readonly url: string;
  readonly instances: readonly { readonly source: string; readonly url: string }[];
}

/** `explain`. */
export interface Explanation {
  readonly code: string;
  readonly exit: number;
  readonly class: ErrorClass;
  readonly meaning: string;
  readonly lost: string;
  readonly next: string;
}

/** On stderr: the error that ended the command. */
export interface ErrorLine {
  readonly error: Explanation & {
    readonly message: string;
    /** What it concerns, as far as it is known. */
    readonly context: ErrorContext;
    /** With `--verbose`. */
    readonly stack?: readonly string[];
  };
}

/** On stderr: how far the operation is, at most once a second. */
export interface ProgressLine {
  readonly progress: OperationProgress & {
    /** Steps per second over the last ten seconds; null while unknown. */
    readonly rate: number | null;
    readonly bytesPerSecond: number | null;
    readonly leftMs: number | null;
  };
}

/** On stderr: something to know though the command goes on. */
export interface WarningLine {
  readonly warning: { readonly message: string };
}

/** On stderr: something to know about the answer, as how exact it is. */
export interface NoteLine {
  readonly note: { readonly message: string };
}
