/**
 * The one face of every source kind. A kind is a folder here; it knows `model` and the HTTP layer, never the
 * repository: what it needs from the engine comes in through the interfaces below.
 */
import type { Clock } from "../model/clock.ts";
import type { ItemKey } from "../model/key.ts";
import type { Verdict } from "../model/verdict.ts";
import type { BlobEncoding, BlobRef, CapturedVersion, Version } from "../model/version.ts";
import type { CopyLedger, LiveCopies } from "./live-copies.ts";

/** A collection that exists now and may become a task. */
export interface Discovered {
  /** The service's own name for it: a database name. */
  readonly collection: string;
  /** Tells this incarnation from another of the same name; empty where the service does not say. */
  readonly identity: string;
  /** Rough size for planning and progress, where the service tells. */
  readonly items?: number;
  readonly bytes?: number;
}

/** The source's own memory between runs: small, opaque to the engine, kept in the manifest. */
export type Cursor = Readonly<Record<string, unknown>>;

/** Progress of one operation; every number is a total so far. */
export interface Progress {
  readonly phase: string;
  readonly done: number;
  /** Absent while unknown. */
  readonly total?: number;
  readonly bytes: number;
}

/** What every operation of a source is given beside its request. */
export interface SourceContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly progress?: (progress: Progress) => void;
  /** Something the operator must hear though the operation goes on: one sentence, no secret. */
  readonly warn?: (message: string, item?: string) => void;
}

// --- capture -------------------------------------------------------------------------------------------------

/** Content of a blob on its way into the repository. */
export interface BlobContent {
  /** Stored as it comes; with `gzip` the identity digest is computed while it passes. */
  readonly encoding: BlobEncoding;
  readonly content: AsyncIterable<Buffer>;
}

/** A stored blob, not yet named by a part of a version. */
export type StoredBlob = Omit<BlobRef, "part" | "name">;

/** What a capture may ask of the engine. */
export interface CaptureEngine {
  /**
   * For each state, in order: whether the timeline's newest version of that item, or one this run has already handed
   * over, has exactly this state. Never true by mistake.
   */
  known(states: readonly { readonly key: ItemKey; readonly state: Buffer }[]): Promise<boolean[]>;

  /** The blob stored under the source's own name for it, or undefined. `alias` must pin the content (see B4). */
  findBlob(alias: string): Promise<StoredBlob | undefined>;

  /**
   * Stores a blob from a stream in constant memory. Throws what the stream throws; nothing is kept then. `alias` as in `findBlob`.
   */
  storeBlob(alias: string, blob: BlobContent): Promise<StoredBlob>;

  /**
   * Keys of all items whose newest version is not purged, in byte order, in batches; undefined when the engine may not
   * read them (write-only key). `prefix`: only keys that begin so.
   */
  keptKeys(prefix?: ItemKey): AsyncIterable<readonly ItemKey[]> | undefined;
}

export interface CaptureRequest {
  readonly collection: string;
  /** Cursor of the timeline's newest baseline or delta; undefined for the first run. */
  readonly cursor: Cursor | undefined;
  /** Cursor of this run's own last `checkpoint`, when it was cut off and is being continued. */
  readonly resume: Cursor | undefined;
  /** Also find what the feed does not tell (purges, lost changes): compares everything. */
  readonly reconcile: boolean;
  /** The kind's own include switches where they differ from the source's configuration (a task's policy). */
  readonly include?: Readonly<Record<string, boolean>>;
  readonly engine: CaptureEngine;
}

/**
 * What a capture yields. `start` comes first, exactly once; `end` last, exactly once, unless it throws.
 */
export type CaptureEvent =
  | {
      readonly kind: "start";
      /** A baseline begins a new epoch; a delta continues the newest one. */
      readonly run: "baseline" | "delta";
      /** Why a baseline was needed though a cursor was given; for people. */
      readonly reason?: string;
      readonly identity: string;
    }
  | {
      readonly kind: "versions";
      readonly versions: readonly CapturedVersion[];
      /** The source's sequence that these belong to, opaque; empty where there is none. */
      readonly sequence: string;
    }
  /** Everything yielded so far is complete up to this cursor: a continued run may begin here. */
  | { readonly kind: "checkpoint"; readonly cursor: Cursor }
  | {
      readonly kind: "end";
      /** Where the next run continues. */
      readonly cursor: Cursor;
      /** No change the service acknowledged before this is missing (ms UTC): when the last page was asked for. */
      readonly completeAsOf: number;
      /** Nothing in the run is newer than this (ms UTC): when the last answer had arrived. The instant. */
      readonly through: number;
      /** How many items the service says it has, deletions included, where it says so. */
      readonly items?: number;
    };

// --- restore -------------------------------------------------------------------------------------------------

/** See docs/guide/restore.md. `replica`: exact trees into a new place. `content`: forward edits. `exact`: purge and rewrite. */
export type RestoreMode = "replica" | "content" | "exact";

/** What a restore reads from the timeline. */
export interface VersionReader {
  /** The chosen items as of the instant, in byte order of key, in batches of bounded size; purged ones left out. */
  versions(): AsyncIterable<readonly Version[]>;
  /**
   * For each key: its version as of the instant, live or deleted; undefined where there is none. For the few items that
   * are needed out of order (settings first, design documents last); not for reading many.
   */
  find(keys: readonly ItemKey[]): Promise<(Version | undefined)[]>;
  /** Stored bytes of a blob. Errors: `object-missing`, `object-damaged`. */
  blob(ref: BlobRef): AsyncIterable<Buffer>;
  /** Of all items, not only the chosen: those whose key begins so, as of the instant, in byte order of key, in batches of bounded size. */
  within(prefix: ItemKey): AsyncIterable<readonly Version[]>;
  /** For each key: whether the timeline has a live or deleted version of it at the instant (of all items, not only the chosen). */
  contains(keys: readonly ItemKey[]): Promise<boolean[]>;
}

/**
 * Which object of the target a restore made for an object of the timeline, where the service chooses ids itself. Kept in the
 * repository for each target, so that a restore that was cut off, a repeated one and a standby go on with the same objects.
 */
export interface IdMap {
  /** `group`: what is mapped: `model`, `speaker`, `job`. Also finds what other tasks of the same source have mapped. */
  get(group: string, kept: string): string | undefined;
  /** Durable before it returns. Replaces an earlier one. */
  set(group: string, kept: string, target: string): Promise<void>;
  /** Every mapping of this task. */
  all(): readonly { readonly group: string; readonly kept: string; readonly target: string }[];
}

export interface RestoreRequest {
  /** Collection to write, at the service this source object is connected to. */
  readonly target: string;
  readonly mode: RestoreMode;
  /** Task and instant: by this name an interrupted `replica` is recognised and continued. Absent: it cannot be. */
  readonly name?: string;
  /** False: preview; everything is worked out by the same code and nothing is written. */
  readonly apply: boolean;
  readonly reader: VersionReader;
  /** Whether the chosen items are all items of the instant (then settings and security are restored too, and absences mean something). */
  readonly whole: boolean;
  /** `replica` into a collection that already holds data. */
  readonly merge: boolean;
  /** In place: items that exist now and did not at the instant. */
  readonly newerItems: "keep" | "delete";
  /** For `exact`: the operator has stopped everything that replicates from the target. */
  readonly replicationStopped: boolean;
  /**
   * In place: tells, for each item about to be overwritten, whether its present state has been kept (so that the restore
   * can be undone). An item whose state is not is left alone and reported `unstable`. Absent: no undo is wanted.
   */
  readonly kept?: (
    states: readonly { readonly key: ItemKey; readonly state: Buffer }[],
  ) => Promise<boolean[]>;
  /** Absent in a preview of a target that was never written, and for kinds whose items keep their names. */
  readonly ids?: IdMap;
  /** The kind's own switches (docs/guide/restore.md): `train`, `reset`, `baseModels`, … */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A standby that the operator allows to be copied from, and what is known of the copies there. */
  readonly lender?: { readonly name: string; readonly source: Source; readonly ledger: CopyLedger };
}

export type RestoreAction =
  | "create" // absent in the target
  | "change" // present with another content
  | "delete" // removed from the target
  | "same" // already equal; nothing written
  | "newer" // exists now, did not at the instant, and is left alone
  | "unstable" // changed while it was being restored; left alone
  | "failed"; // refused by the target; see reason

export interface RestoreOutcome {
  readonly key: ItemKey;
  readonly action: RestoreAction;
  /** Revision in the target after the act; in a preview, before it. */
  readonly revision?: string;
  readonly previousRevision?: string;
  /** For `failed` and `unstable`: the target's own words. */
  readonly reason?: string;
  /** The object that the target has for it, where the service chooses ids. */
  readonly mapped?: { readonly group: string; readonly kept: string; readonly target: string };
}

// --- compare -------------------------------------------------------------------------------------------------

export interface CompareRequest {
  readonly target: string;
  readonly reader: VersionReader;
  readonly whole: boolean;
  /** See `RestoreRequest.ids`. */
  readonly ids?: IdMap;
}

export interface Difference {
  readonly key: ItemKey;
  /** `missing`: in the instant, not in the target; `extra`: the reverse. */
  readonly difference: "missing" | "extra" | "state" | "body" | "blob" | "settings";
  /** What differs, for people. */
  readonly detail: string;
}

export type CompareEvent =
  | { readonly kind: "difference"; readonly difference: Difference }
  /** Last: how much was compared. */
  | { readonly kind: "end"; readonly items: number; readonly parts: number; readonly blobs: number };

// --- readiness -----------------------------------------------------------------------------------------------

/** Whether one object could be rebuilt from the timeline alone. */
export interface Readiness {
  /** The key of the object that is rebuilt as a whole: a model, a job. */
  readonly key: ItemKey;
  readonly verdict: Verdict;
  /** What is missing or unknown, for people, the worst first: one sentence each, with the key where there is one. */
  readonly missing: readonly { readonly key?: ItemKey; readonly what: string }[];
  /** How long rebuilding will take at least, ms, as far as it can be told. */
  readonly estimateMs?: number;
}

// --- the source ----------------------------------------------------------------------------------------------

/** What `holdfast source test` found out. */
export interface SourceCheck {
  readonly service: string;
  readonly version: string;
  readonly user: string;
  /** What this account can do, each with the reason when not. */
  readonly abilities: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[];
}

export interface Source extends AsyncDisposable {
  /** The kind's folder name: `couchdb`. */
  readonly kind: string;

  /** What this source's requests amounted to since it was opened. */
  readonly traffic: { readonly requests: number; readonly throttled: number };

  /** Reaches the service and says what the credentials may do. Changes nothing. */
  test(context: SourceContext): Promise<SourceCheck>;

  /** All collections whose name matches one of the patterns (`*` any run of characters); no limit on their number. */
  discover(patterns: readonly string[], context: SourceContext): AsyncIterable<Discovered>;

  /** Reads everything (baseline) or what changed since the cursor (delta). Never drops anything silently. */
  capture(request: CaptureRequest, context: SourceContext): AsyncIterable<CaptureEvent>;

  /** Puts versions back. Idempotent: a second run writes nothing. Yields an outcome for every item. */
  restore(request: RestoreRequest, context: SourceContext): AsyncIterable<RestoreOutcome>;

  /** Proves a collection equal to an instant, item by item. Reads only. */
  compare(request: CompareRequest, context: SourceContext): AsyncIterable<CompareEvent>;

  readonly copies?: LiveCopies;

  /** The collection's present versions of these items, in the order of the keys; undefined where there is none. */
  readItems(
    collection: string,
    keys: readonly ItemKey[],
    context: SourceContext,
  ): Promise<(CapturedVersion | undefined)[]>;
}
