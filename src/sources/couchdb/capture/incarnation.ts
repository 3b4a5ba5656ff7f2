/**
 * Whether a database is still the one that the timeline was read from, and what must be read: nothing but the changes,
 * everything again for comparison, or everything anew into a new epoch.
 */
import type { DatabaseInfo } from "../database-info.ts";
import type { CouchCursor } from "./cursor.ts";

export type Verdict =
  | { readonly run: "delta" }
  | { readonly run: "reconcile"; readonly reason: string }
  | { readonly run: "baseline"; readonly reason: string };

/** `marker`: the nonce found now. */
export function judgeIncarnation(
  cursor: CouchCursor,
  info: DatabaseInfo,
  marker: string | undefined,
): Verdict {
  const proven = cursor.nonce !== undefined && marker === cursor.nonce;
  const telling = tells(cursor.identity) && tells(info.instanceStartTime);
  const restarted = telling && cursor.identity !== info.instanceStartTime;
  const shrunk = hasShrunk(cursor, info);
  if (restarted && !proven) {
    return { run: "baseline", reason: "the database was deleted and made again since the last run" };
  }
  if (shrunk && !proven && !telling) {
    return {
      run: "baseline",
      reason: "the database holds fewer documents than were kept: it was made again",
    };
  }
  if (shrunk) return { run: "reconcile", reason: "the database holds fewer documents than at the last run" };
  if (cursor.nonce !== undefined && !proven) {
    return { run: "reconcile", reason: "the marker of the last run is gone from the database" };
  }
  if (cursor.q !== undefined && info.q !== undefined && cursor.q !== info.q) {
    return { run: "reconcile", reason: "the database's shards were split or joined since the last run" };
  }
  return { run: "delta" };
}

/** "0" and the empty text say nothing about an incarnation (CouchDB 2.x to 3.2, foreign servers). */
function tells(identity: string): boolean {
  return identity !== "" && identity !== "0";
}

/** Documents never leave the count but by a purge, and a purge moves `purge_seq`. */
function hasShrunk(cursor: CouchCursor, info: DatabaseInfo): boolean {
  if (cursor.count === undefined || info.docDelCount === undefined) return false;
  return info.docCount + info.docDelCount < cursor.count && !purgeSeqMoved(cursor, info);
}

export function purgeSeqMoved(cursor: CouchCursor, info: DatabaseInfo): boolean {
  return cursor.purgeSeq !== undefined && purgeCount(cursor.purgeSeq) !== purgeCount(info.purgeSeq);
}

/**
 * The number that a purge sequence begins with. Unlike the feed's it is compared: its opaque rest changes with the
 * nodes that answer, without any purge.
 */
function purgeCount(sequence: unknown): string {
  const text = typeof sequence === "string" ? sequence : JSON.stringify(sequence ?? 0);
  return /^\d+/.exec(text)?.[0] ?? text;
}
