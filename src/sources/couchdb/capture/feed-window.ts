/**
 * The feed, cut into windows: each a page of rows in memory, in key order, with duplicates absorbed. The next window
 * is already being read while one is worked on.
 */
import type { Millis } from "../../../model/clock.ts";
import { HoldfastError } from "../../../model/errors.ts";
import type { CouchDatabase } from "../database.ts";
import { generationOf, leafOf, type Leaf } from "../items.ts";
import { revisionOf } from "../reading/bulk-get.ts";
import type { ChangeRow } from "../reading/changes.ts";
import type { Wanted } from "./revision-reader.ts";

export interface FeedWindow {
  /** One entry per document, in key order. */
  readonly wanted: readonly FeedEntry[];
  readonly lastSeq: unknown;
  /** Whether the feed's end was reached. */
  readonly last: boolean;
  /** Rows as the service sent them. */
  readonly rows: number;
  /** Bytes of the rows. */
  readonly bytes: number;
  readonly sentAt: Millis;
  readonly arrivedAt: Millis;
}

export interface FeedEntry extends Wanted {
  /** Whether the winner, and so every leaf, is deleted. */
  readonly deleted: boolean;
}

export interface FeedOptions {
  readonly since: unknown;
  readonly includeDocs: boolean;
  /** Rows of the next window. */
  readonly limit: () => number;
}

/** A page without rows although some are announced: asked for again this often before it is an error. */
const EMPTY_PAGES = 3;

export async function* readWindows(
  database: CouchDatabase,
  options: FeedOptions,
  signal: AbortSignal,
): AsyncGenerator<FeedWindow> {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const readAhead = (since: unknown): Promise<FeedWindow> => {
    const window = readWindow(database, options, since, inner);
    // It may fail while the window before it is still being worked on; its error is met when its turn comes.
    window.catch(() => {});
    return window;
  };
  let next = readAhead(options.since);
  let empty = 0;
  try {
    for (;;) {
      const window = await next;
      empty = window.rows === 0 ? empty + 1 : 0;
      if (!window.last && empty >= EMPTY_PAGES) {
        throw new HoldfastError(
          "source-protocol",
          `could not read the changes of database "${database.name}": the service announces more of them but sends none`,
          { source: database.client.http.address.shown },
        );
      }
      if (window.last) {
        yield window;
        return;
      }
      next = readAhead(window.lastSeq);
      yield window;
    }
  } finally {
    stop.abort();
    await Promise.allSettled([next]);
  }
}

async function readWindow(
  database: CouchDatabase,
  options: FeedOptions,
  since: unknown,
  signal: AbortSignal,
): Promise<FeedWindow> {
  const limit = options.limit();
  const page = await database.readChanges(
    // No row's own sequence is needed, and computing them costs the service more than the rows themselves.
    { since, limit, seqInterval: limit, includeDocs: options.includeDocs },
    () => new EntryCollector(),
    signal,
  );
  return {
    wanted: inKeyOrder(page.collected.entries),
    lastSeq: page.lastSeq,
    last: page.pending === undefined ? page.rowCount < limit : page.pending <= 0,
    rows: page.rowCount,
    bytes: page.bytes,
    sentAt: page.sentAt,
    arrivedAt: page.arrivedAt,
  };
}

class EntryCollector {
  readonly entries: FeedEntry[] = [];

  row(row: ChangeRow): void {
    this.entries.push({
      sortKey: sortKeyOf(row.id),
      id: row.id,
      revs: row.revs,
      deleted: row.deleted,
      leaf: row.doc && leafFromFeed(row, row.doc),
    });
  }
}

/**
 * The feed's document is all there is to know when the row's only leaf is of the first generation: its history is that
 * one revision. Anything else needs its ancestry, which the feed does not give.
 */
function leafFromFeed(row: ChangeRow, doc: Buffer): Leaf | undefined {
  const rev = row.revs[0] as string;
  if (row.revs.length !== 1 || generationOf(rev) !== 1 || revisionOf(doc) !== rev) return undefined;
  return leafOf(rev, doc, row.docFlags);
}

/** For an ASCII id the id itself; else one character per byte of its UTF-8. */
export function sortKeyOf(id: string): string {
  for (let at = 0; at < id.length; at++) {
    if (id.charCodeAt(at) > 0x7f) return Buffer.from(id, "utf8").toString("latin1");
  }
  return id;
}

/** In key order; of several rows for one document the last one in the feed counts. */
function inKeyOrder(entries: FeedEntry[]): FeedEntry[] {
  entries.sort((a, b) => (a.sortKey < b.sortKey ? -1 : a.sortKey > b.sortKey ? 1 : 0));
  return entries.filter((entry, at) => entries[at + 1]?.sortKey !== entry.sortKey);
}
