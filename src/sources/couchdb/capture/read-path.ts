/**
 * Which way a baseline is read. Where nearly every document is in its first generation the feed itself brings all there
 * is to know, in one pass; where documents have histories, they are fetched by name in id order, which is how the
 * database keeps them.
 */
import type { CouchDatabase } from "../database.ts";
import { generationOf } from "../items.ts";
import type { ReadPath } from "./cursor.ts";

/** Rows looked at on each end of the feed: the oldest edits and the newest. */
const SAMPLE_ROWS = 250;

/** Below this share of first-generation documents the second pass over the rest costs more than the first saves. */
const FEED_SHARE = 0.9;

export async function chooseReadPath(database: CouchDatabase, signal: AbortSignal): Promise<ReadPath> {
  const sample = { since: undefined, limit: SAMPLE_ROWS, seqInterval: SAMPLE_ROWS };
  const ends = await Promise.all([
    database.changes(sample, signal),
    database.changes({ ...sample, descending: true }, signal),
  ]);
  const rows = ends.flatMap((end) => end.rows);
  if (rows.length === 0) return "feed";
  const simple = rows.filter(({ revs }) => revs.length === 1 && generationOf(revs[0] as string) === 1);
  return simple.length >= rows.length * FEED_SHARE ? "feed" : "bulk";
}
