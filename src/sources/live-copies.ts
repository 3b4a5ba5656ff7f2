/**
 * The face of source kinds whose items live only inside the service: what a second instance holds of them, how it comes there, and where
 * applications find it.
 */
import type { ItemKey } from "../model/key.ts";
import type { RestoreOutcome, Source, SourceContext, VersionReader } from "./source.ts";

/** One step in the life of a copy in another instance, recorded before the next one is taken. */
export interface CopyStep {
  /** The item that is copied. */
  readonly key: string;
  /** The source's own name for the state that is copied: two states of an item have different ones. */
  readonly version: string;
  /** The copy's id in the target. With `key` and `version` it names the copy. */
  readonly target: string;
  /**
   * `authorised`: a place for it was reserved. `submitted`: the service was asked, see `operation`. `verified`: it is ready and was compared, see
   * `level`. `failed`: it will never be. `superseded`: a newer copy took its place. `gone`: its item is no longer in the source. `removed`: deleted.
   */
  readonly state: "authorised" | "submitted" | "verified" | "failed" | "superseded" | "gone" | "removed";
  /** When, ms UTC. */
  readonly at: number;
  readonly operation?: string;
  /** `exists`: only that; `metadata`: everything that the service tells is equal. */
  readonly level?: "exists" | "metadata";
  /** When the copy expires, ms UTC, where it does. */
  readonly expires?: number;
  /** Names inside the item that are others in the copy: document types. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** For people: why it failed. */
  readonly detail?: string;
}

/** What is known of the copies of one timeline's items in one target. */
export interface CopyLedger {
  /** The newest step of each copy, in the order in which they were first recorded. */
  steps(): readonly CopyStep[];
  /** Durable before it returns. */
  record(step: CopyStep): Promise<void>;
}

export interface CopyRequest {
  readonly target: Source;
  readonly ledger: CopyLedger;
  /** False: preview. */
  readonly apply: boolean;
  /** Also read every copy that the ledger knows, not only list them. */
  readonly verify: boolean;
  /** The kind's own switches (docs/guide/standby.md). */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Where applications find an item in the target. */
export interface Route {
  readonly key: ItemKey;
  /** `ready`: the copy of the newest kept state is there. `older`: only that of an earlier state. `missing`: nothing that works. */
  readonly state: "ready" | "older" | "missing";
  /** The copy's id in the target; absent when missing. */
  readonly target?: string;
  readonly version?: string;
  readonly level?: CopyStep["level"];
  readonly expires?: number;
  readonly renamed?: Readonly<Record<string, string>>;
  /** For people: what is wrong, what to do. */
  readonly detail?: string;
}

/** For kinds whose items live only inside the service: a second instance is kept in step by the service's own copying. */
export interface LiveCopies {
  /** Copies what the target lacks, verifies, retires. Idempotent, also after a kill. An outcome for each item and each copy that was dealt with. */
  copyTo(request: CopyRequest, context: SourceContext): AsyncIterable<RestoreOutcome>;
  /**
   * Asks this instance, as the target, for the copy of each item of the reader (the newest instant of the source's timeline); the source is not
   * reached. In byte order of key.
   */
  routes(
    request: { readonly ledger: CopyLedger; readonly reader: VersionReader },
    context: SourceContext,
  ): AsyncIterable<Route>;
  /** How applications reach this instance; part of a routing table. */
  readonly address: {
    readonly endpoint: string;
    readonly apiVersion: string;
    readonly region?: string;
    readonly resourceId?: string;
  };
}
