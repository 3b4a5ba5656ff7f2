/**
 * What a capture remembers between runs and, while it runs, between checkpoints. Only JSON values; read back with
 * suspicion, because it may come from an older Holdfast.
 */
import type { Cursor } from "../../source.ts";

export type ReadPath = "feed" | "bulk";

/** How far the timeline has read its source. */
export interface CouchCursor {
  /** The feed's sequence, opaque; undefined: from the beginning. */
  readonly since: unknown;
  /** The database's `instance_start_time`; empty or "0" where it tells nothing. */
  readonly identity: string;
  /** Our marker's nonce; undefined where we may not write one. */
  readonly nonce: string | undefined;
  /** Opaque; undefined where the server does not tell. */
  readonly purgeSeq: unknown;
  /** Documents and tombstones together; undefined where the server does not count them. */
  readonly count: number | undefined;
  /** Shards. */
  readonly q: number | undefined;
  readonly purgedInfosLimit: number | undefined;
  /** Present in a checkpoint only. */
  readonly running: RunningState | undefined;
}

/** What a run that was cut off must know to go on. */
export interface RunningState {
  readonly run: "baseline" | "delta";
  /** Whether the run reads everything again. */
  readonly reconcile: boolean;
  readonly path: ReadPath;
  /** Ids whose revisions had gone when they were asked for and that have not appeared again. */
  readonly vanished: readonly string[];
  /** Ids that the server listed as purged when the run began. */
  readonly purges: readonly string[];
}

export function encodeCursor(cursor: CouchCursor): Cursor {
  const { since, identity, nonce, purgeSeq, count, q, purgedInfosLimit, running } = cursor;
  return dropUndefined({ since, identity, nonce, purgeSeq, count, q, purgedInfosLimit, running });
}

export function decodeCursor(cursor: Cursor): CouchCursor {
  return {
    since: cursor["since"],
    identity: textOf(cursor["identity"]) ?? "",
    nonce: textOf(cursor["nonce"]),
    purgeSeq: cursor["purgeSeq"],
    count: numberOf(cursor["count"]),
    q: numberOf(cursor["q"]),
    purgedInfosLimit: numberOf(cursor["purgedInfosLimit"]),
    running: decodeRunning(cursor["running"]),
  };
}

function decodeRunning(value: unknown): RunningState | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { run, reconcile, path, vanished, purges } = value as Record<string, unknown>;
  return {
    run: run === "baseline" ? "baseline" : "delta",
    reconcile: reconcile === true,
    path: path === "feed" ? "feed" : "bulk",
    vanished: Array.isArray(vanished) ? vanished.map(String) : [],
    purges: Array.isArray(purges) ? purges.map(String) : [],
  };
}

/** A sequence as the opaque text that is kept with versions. */
export function sequenceText(sequence: unknown): string {
  if (sequence === undefined) return "";
  return typeof sequence === "string" ? sequence : JSON.stringify(sequence);
}

function dropUndefined(members: Record<string, unknown>): Cursor {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
