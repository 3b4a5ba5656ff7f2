/**
 * Which way a baseline is read. Fetching documents by name in id order is how the database keeps them, and fastest. But a
 * service that charges every named document as a read, and a whole feed as one query, is read through its feed where
 * nearly all documents are in their first generation: then the feed brings all there is to know.
 */
import type { CouchConfig } from "../config.ts";
import type { CouchDatabase } from "../database.ts";
import { generationOf } from "../items.ts";
import type { ReadPath } from "./cursor.ts";

/** Rows looked at on each end of the feed: the oldest edits and the newest. */
const SAMPLE_ROWS = 250;

/** Below this share of first-generation documents the second pass over the rest costs more than the first saves. */
const FEED_SHARE = 0.9;

export async function chooseReadPath(
  database: CouchDatabase,
  config: CouchConfig,
  signal: AbortSignal,
): Promise<ReadPath> {
  if (config.readPath === "feed" || config.readPath === "bulk") return config.readPath;
  const chargesReads =
    config.budget?.reads !== undefined || /cloudant/i.test((await database.client.server(signal)).vendor);
  return chargesReads && (await isMostlyFirstGeneration(database, signal)) ? "feed" : "bulk";
}

async function isMostlyFirstGeneration(database: CouchDatabase, signal: AbortSignal): Promise<boolean> {
  const sample = { since: undefined, limit: SAMPLE_ROWS, seqInterval: SAMPLE_ROWS };
  const ends = await Promise.all([
    database.changes(sample, signal),
    database.changes({ ...sample, descending: true }, signal),
  ]);
  const rows = ends.flatMap((end) => end.rows);
  const simple = rows.filter(({ revs }) => revs.length === 1 && generationOf(revs[0] as string) === 1);
  return simple.length >= rows.length * FEED_SHARE;
}
