/**
 * From wanted documents to versions: cuts them into requests of bounded count and size, keeps several under way, and hands
 * the versions over in the order of the input.
 */
import type { CapturedVersion } from "../../../model/version.ts";
import type { CaptureEngine } from "../../source.ts";
import type { CouchDatabase } from "../database.ts";
import { documentVersion, orderLeaves } from "../items.ts";
import { captureAttachments } from "./attachments.ts";
import { orderedPipeline } from "../../ordered-pipeline.ts";
import { RevisionReader, type Wanted } from "./revision-reader.ts";

/** Documents per request: measured flat between 1,000 and 2,000 at five under way (CouchDB 3.5, one node). */
const BATCH_DOCUMENTS = 1_000;

/** Expected bytes per answer; several are in memory at once. */
const BATCH_BYTES = 4 * 1024 * 1024;

/** Requests under way at once, as far as the source's parallelism allows: five were no faster and held more memory. */
const BATCHES_UNDER_WAY = 4;

/** Bytes that a document is held to have when nothing is known: framing and revisions alone. */
const SMALLEST_DOCUMENT_BYTES = 200;

/** Share that the newest batch has in the running mean of document sizes. */
const MEAN_WEIGHT = 0.3;

export interface FetchedVersions {
  readonly versions: readonly CapturedVersion[];
  /** Ids of which a wanted revision is no longer there. */
  readonly vanished: readonly string[];
  readonly bytes: number;
}

export class VersionFetcher {
  readonly revisions: RevisionReader;
  readonly #database: CouchDatabase;
  readonly #engine: CaptureEngine;
  readonly #attachments: boolean;
  #meanBytes: number;

  /** `meanBytes`: what one document is expected to hold, as far as the database tells. */
  constructor(database: CouchDatabase, engine: CaptureEngine, attachments: boolean, meanBytes: number) {
    this.#database = database;
    this.#engine = engine;
    this.#attachments = attachments;
    this.#meanBytes = Math.max(SMALLEST_DOCUMENT_BYTES, meanBytes);
    this.revisions = new RevisionReader(database);
  }

  /** Bytes of a document's text, as seen so far. */
  get meanBytes(): number {
    return this.#meanBytes;
  }

  async *fetch(wanted: readonly Wanted[], signal: AbortSignal): AsyncGenerator<FetchedVersions> {
    yield* orderedPipeline(
      this.#batches(wanted),
      Math.min(BATCHES_UNDER_WAY, this.#database.client.http.parallelism),
      async (batch, inner) => await this.#fetchBatch(batch, inner),
      signal,
    );
  }

  *#batches(wanted: readonly Wanted[]): Generator<readonly Wanted[]> {
    let from = 0;
    while (from < wanted.length) {
      let revisions = 0;
      let to = from;
      const most = Math.min(BATCH_DOCUMENTS, Math.max(1, Math.floor(BATCH_BYTES / this.#meanBytes)));
      while (to < wanted.length && (to === from || revisions < most)) {
        revisions += (wanted[to] as Wanted).revs.length;
        to++;
      }
      yield wanted.slice(from, to);
      from = to;
    }
  }

  async #fetchBatch(batch: readonly Wanted[], signal: AbortSignal): Promise<FetchedVersions> {
    const read = await this.revisions.read(batch, signal);
    const versions: CapturedVersion[] = [];
    const vanished: string[] = [];
    let bytes = 0;
    let parts = 0;
    for (const [at, wanted] of batch.entries()) {
      const leaves = read[at];
      const ordered = leaves && orderLeaves(leaves);
      const blobs =
        ordered && this.#attachments && ordered.some((leaf) => leaf.mayHaveAttachments)
          ? await captureAttachments(this.#database, this.#engine, wanted.id, ordered, signal)
          : [];
      if (ordered === undefined || blobs === undefined) {
        vanished.push(wanted.id);
        continue;
      }
      for (const leaf of ordered) bytes += leaf.text.length;
      parts += ordered.length;
      versions.push(documentVersion(Buffer.from(wanted.sortKey, "latin1"), ordered, blobs));
    }
    if (parts > 0) {
      const mean = Math.max(SMALLEST_DOCUMENT_BYTES, bytes / parts);
      this.#meanBytes += (mean - this.#meanBytes) * MEAN_WEIGHT;
    }
    return { versions, vanished, bytes };
  }
}
