/**
 * One capture of a database: feed in windows, exactly the revisions that the feed named, then what is not in the feed.
 * It either hands over everything it announces or throws; nothing is dropped on the way.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import type { CapturedVersion } from "../../../model/version.ts";
import { backoffDelay, pause } from "../../http/backoff.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../../source.ts";
import type { CouchClient } from "../client.ts";
import { includeOf, type CouchConfig, type CouchInclude } from "../config.ts";
import type { CouchDatabase } from "../database.ts";
import { DESIGN_PREFIX, leafState, purgedVersion } from "../items.ts";
import { keyOf, keyText } from "../../../model/key.ts";
import { confirmPurged, findAbsent } from "./absences.ts";
import { encodeCursor, sequenceText } from "./cursor.ts";
import { readWindows, type FeedEntry, type FeedWindow } from "./feed-window.ts";
import { openCapture, type Opening } from "./opening.ts";
import { localVersions, securityVersion, settingsVersion } from "./pseudo-items.ts";
import { VersionFetcher } from "./version-fetcher.ts";

/**
 * Rows per window without bodies: about 12 MB in memory, twice while the next one is read ahead. Four times as many made
 * a baseline 3 % faster, by the server's caches, and took 90 MB more.
 */
const WINDOW_ROWS = 50_000;

/** Bytes per window with bodies; two are in memory. */
const FEED_PAGE_BYTES = 8 * 1024 * 1024;

/** Framing of a row with a body (bytes), beside the body. */
const FEED_ROW_BYTES = 150;

/** Fewest and most rows per window with bodies. */
const FEED_PAGE_ROWS = { least: 20, most: 20_000 };

/** States asked of the engine at once. */
const KNOWN_BATCH = 10_000;

/** How often the end of the feed is read again for documents whose revisions had gone. */
const TAIL_ROUNDS = 5;

/** Items named in an error message. */
const NAMED_ITEMS = 10;

export async function* captureCouch(
  client: CouchClient,
  config: CouchConfig,
  request: CaptureRequest,
  context: SourceContext,
): AsyncGenerator<CaptureEvent> {
  const database = client.database(request.collection);
  const opening = await openCapture(database, config, request, context);
  yield {
    kind: "start",
    run: opening.run,
    identity: opening.info.instanceStartTime,
    ...(opening.reason === undefined ? {} : { reason: opening.reason }),
  };
  yield* new CaptureRun(
    database,
    { ...includeOf(config), ...request.include },
    request,
    context,
    opening,
  ).events();
}

class CaptureRun {
  readonly #database: CouchDatabase;
  readonly #include: CouchInclude;
  readonly #request: CaptureRequest;
  readonly #context: SourceContext;
  readonly #opening: Opening;
  readonly #fetcher: VersionFetcher;
  /** Ids of which a wanted revision had gone and that have not come again in the feed. */
  readonly #vanished: Set<string>;
  #lastSeq: unknown;
  #completeAsOf = 0;
  #through = 0;
  #rows = 0;
  #knownRows = 0;
  #done = 0;
  #bytes = 0;

  constructor(
    database: CouchDatabase,
    include: CouchInclude,
    request: CaptureRequest,
    context: SourceContext,
    opening: Opening,
  ) {
    const { info } = opening;
    this.#database = database;
    this.#include = include;
    this.#request = request;
    this.#context = context;
    this.#opening = opening;
    this.#lastSeq = opening.since;
    this.#vanished = new Set(opening.vanished);
    const documents = info.docCount + (info.docDelCount ?? 0);
    const meanBytes = (info.externalBytes ?? 0) / Math.max(1, documents);
    this.#fetcher = new VersionFetcher(database, request.engine, include.attachments, meanBytes);
  }

  async *events(): AsyncGenerator<CaptureEvent> {
    yield* this.#feed(this.#opening.since, true);
    yield* this.#settleVanished();
    if (this.#opening.purges.length > 0) {
      const { engine } = this.#request;
      const { signal } = this.#context;
      yield* this.#hand(await confirmPurged(this.#opening.purges, this.#fetcher.revisions, engine, signal));
    }
    const localIds = yield* this.#pseudoItems();
    if (this.#opening.reconcile || this.#hasRewound()) yield* this.#absences(localIds);
    await this.#stillTheSame();
    this.#through = Math.max(this.#through, this.#completeAsOf);
    yield {
      kind: "end",
      cursor: this.#cursor(false),
      completeAsOf: this.#completeAsOf,
      through: this.#through,
      ...(this.#count === undefined ? {} : { items: this.#count }),
    };
  }

  /** Documents and deletions, as the database counted them when the run began; undefined where it does not count both. */
  get #count(): number | undefined {
    const { docCount, docDelCount } = this.#opening.info;
    return docDelCount === undefined ? undefined : docCount + docDelCount;
  }

  // --- the feed

  async *#feed(since: unknown, checkpoints: boolean): AsyncGenerator<CaptureEvent> {
    const includeDocs = this.#opening.run === "baseline" && this.#opening.path === "feed";
    const windows = readWindows(
      this.#database,
      { since, includeDocs, limit: () => (includeDocs ? this.#feedPageRows() : WINDOW_ROWS) },
      this.#context.signal,
    );
    for await (const window of windows) {
      yield* this.#window(window);
      this.#lastSeq = window.lastSeq;
      if (window.last) this.#completeAsOf = window.sentAt;
      this.#through = Math.max(this.#through, window.arrivedAt);
      if (checkpoints && window.rows > 0) yield { kind: "checkpoint", cursor: this.#cursor(true) };
    }
  }

  #feedPageRows(): number {
    const rows = Math.floor(FEED_PAGE_BYTES / (this.#fetcher.meanBytes + FEED_ROW_BYTES));
    return Math.min(FEED_PAGE_ROWS.most, Math.max(FEED_PAGE_ROWS.least, rows));
  }

  async *#window(window: FeedWindow): AsyncGenerator<CaptureEvent> {
    this.#rows += window.wanted.length;
    for (const { id } of window.wanted) if (this.#vanished.size > 0) this.#vanished.delete(id);
    const wanted = await this.#unknown(window.wanted.filter((entry) => this.#includes(entry)));
    const sequence = sequenceText(window.lastSeq);
    for await (const batch of this.#fetcher.fetch(wanted, this.#context.signal)) {
      for (const id of batch.vanished) this.#vanished.add(id);
      this.#bytes += batch.bytes;
      yield* this.#hand(batch.versions, sequence);
    }
  }

  #includes(entry: FeedEntry): boolean {
    if (!this.#include.designDocs && entry.id.startsWith(DESIGN_PREFIX)) return false;
    // In a delta a tombstone is the end of something that is kept: without it a restore would bring the document back.
    return this.#include.deleted || !entry.deleted || this.#opening.run === "delta";
  }

  /**
   * In a delta, those whose leaf set is not what the timeline's newest version has: a feed that was rewound repeats much.
   * A baseline begins an epoch of its own, to which nothing is known.
   */
  async #unknown(entries: readonly FeedEntry[]): Promise<readonly FeedEntry[]> {
    if (this.#opening.run === "baseline") return entries;
    const unknown: FeedEntry[] = [];
    for (let from = 0; from < entries.length; from += KNOWN_BATCH) {
      const batch = entries.slice(from, from + KNOWN_BATCH);
      const known = await this.#request.engine.known(
        batch.map(({ sortKey, revs }) => ({ key: Buffer.from(sortKey, "latin1"), state: leafState(revs) })),
      );
      for (const [at, entry] of batch.entries()) if (known[at] !== true) unknown.push(entry);
    }
    this.#knownRows += entries.length - unknown.length;
    return unknown;
  }

  /** A service that lost its place in the feed tells all of it again. Then purges may have happened unseen. */
  #hasRewound(): boolean {
    const { info, run } = this.#opening;
    const rewound =
      run === "delta" && this.#knownRows > 0 && this.#rows >= info.docCount + (info.docDelCount ?? 0);
    if (rewound) {
      this.#context.warn?.(
        `the feed of database "${this.#database.name}" began again from its beginning: everything was compared`,
      );
    }
    return rewound;
  }

  /** Every document whose revision had gone must come again in the feed, or be proven absent. */
  async *#settleVanished(): AsyncGenerator<CaptureEvent> {
    const { signal } = this.#context;
    for (let round = 1; this.#vanished.size > 0; round++) {
      if (round > 1) await pause(backoffDelay(this.#database.client.http.retry, round, undefined), signal);
      yield* this.#feed(this.#lastSeq, false);
      const absent = await this.#fetcher.revisions.absent([...this.#vanished], signal);
      for (const id of absent) this.#vanished.delete(id);
      yield* this.#hand([...absent].map((id) => purgedVersion(keyOf(id))).sort(byKey));
      if (round >= TAIL_ROUNDS && this.#vanished.size > 0) {
        const named = [...this.#vanished].slice(0, NAMED_ITEMS).map((id) => `"${id}"`);
        throw new HoldfastError(
          "capture-incomplete",
          `could not read ${named.join(", ")}${this.#vanished.size > named.length ? " and others" : ""} of database ` +
            `"${this.#database.name}": revisions named by its feed are gone and the feed does not name newer ones`,
          { source: this.#database.client.http.address.shown },
        );
      }
    }
  }

  // --- what is not in the feed

  /** Returns the ids of the `_local` documents that exist; undefined when they were not listed. */
  async *#pseudoItems(): AsyncGenerator<CaptureEvent, ReadonlySet<string> | undefined> {
    const { signal } = this.#context;
    const { info, purgedInfosLimit } = this.#opening;
    let localIds: Set<string> | undefined;
    if (this.#include.localDocs) {
      try {
        localIds = new Set();
        for await (const versions of localVersions(this.#database, signal)) {
          for (const { key } of versions) localIds.add(keyText(key));
          yield* this.#handChanged(versions);
        }
      } catch (error) {
        if (!isHoldfastError(error, "source-not-found", "source-forbidden", "source-unauthorized"))
          throw error;
        localIds = undefined;
        this.#context.warn?.(
          `the _local documents of database "${this.#database.name}" were not kept: the service does not list them`,
        );
      }
    }
    if (this.#include.security) {
      const versions = await Promise.all([
        securityVersion(this.#database, signal),
        settingsVersion(this.#database, info, purgedInfosLimit, signal),
      ]);
      yield* this.#handChanged(versions.filter((version) => version !== undefined));
    }
    this.#through = Math.max(this.#through, this.#context.clock.now());
    return localIds;
  }

  async *#absences(localIds: ReadonlySet<string> | undefined): AsyncGenerator<CaptureEvent> {
    const kept = this.#request.engine.keptKeys();
    if (kept === undefined) {
      this.#context.warn?.(
        `purged documents of database "${this.#database.name}" cannot be found: the key that was given may not read which items are kept`,
      );
      return;
    }
    const absent = findAbsent(kept, localIds, this.#database, this.#fetcher.revisions, this.#context.signal);
    for await (const versions of absent) yield* this.#hand(versions);
    this.#through = Math.max(this.#through, this.#context.clock.now());
  }

  /** A database deleted and made again under our hands answers old sequences with all of its new rows. */
  async #stillTheSame(): Promise<void> {
    if (this.#rows === 0) return;
    const info = await this.#database.info(this.#context.signal);
    if (info.instanceStartTime !== this.#opening.info.instanceStartTime) {
      throw new HoldfastError(
        "capture-incomplete",
        `database "${this.#database.name}" was deleted and made again while it was being read`,
        { source: this.#database.client.http.address.shown },
      );
    }
  }

  // --- handing over

  async *#handChanged(versions: readonly CapturedVersion[]): AsyncGenerator<CaptureEvent> {
    const known = this.#opening.run === "baseline" ? [] : await this.#request.engine.known(versions);
    yield* this.#hand(versions.filter((_, at) => known[at] !== true));
  }

  *#hand(versions: readonly CapturedVersion[], sequence = ""): Generator<CaptureEvent> {
    if (versions.length === 0) return;
    this.#done += versions.length;
    const { info, run } = this.#opening;
    this.#context.progress?.({
      phase: "read",
      done: this.#done,
      bytes: this.#bytes,
      ...(run === "baseline" ? { total: info.docCount + (info.docDelCount ?? 0) } : {}),
    });
    yield { kind: "versions", versions, sequence };
  }

  #cursor(running: boolean) {
    const { info, nonce, purgedInfosLimit, run, reconcile, path, purges } = this.#opening;
    return encodeCursor({
      since: this.#lastSeq,
      identity: info.instanceStartTime,
      nonce,
      purgeSeq: info.purgeSeq,
      count: this.#count,
      q: info.q,
      purgedInfosLimit,
      running: running ? { run, reconcile, path, vanished: [...this.#vanished], purges } : undefined,
    });
  }
}

function byKey(a: CapturedVersion, b: CapturedVersion): number {
  return Buffer.compare(a.key, b.key);
}
