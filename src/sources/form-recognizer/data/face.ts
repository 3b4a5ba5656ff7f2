/**
 * Training data: what is kept of it, and what capture and retraining may ask of a container.
 */

import type { DataSetConfig } from "../config.ts";

/** A file in a container. */
export interface BlobEntry {
  readonly name: string;
  readonly length: number;
  readonly etag: string;
  /** ms UTC. */
  readonly lastModified: number;
  readonly contentType: string;
  /** Base64; empty where the service has none. */
  readonly md5: string;
}

/** Part 0 of `data/…` and `training/…/files/…` items, as JSON. */
export type BlobProperties = Omit<BlobEntry, "name"> & { readonly set: string };

export interface Container extends AsyncDisposable {
  /** Without SAS. */
  readonly url: string;
  /**
   * In batches, complete or it throws. Each batch is in byte order of names; the whole nearly always is, but some services order `/` or
   * rare characters otherwise: conclude from an absence only after `find`.
   */
  list(prefix: string, signal: AbortSignal): AsyncIterable<readonly BlobEntry[]>;
  /** The file as it is now; undefined where there is none. */
  find(name: string, signal: AbortSignal): Promise<BlobEntry | undefined>;
  /** The content of exactly that state (conditional on the etag). Errors: `version-lost` when it has changed or gone meanwhile, `source-*`. */
  read(blob: BlobEntry, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Writes over what is there. `content` is opened anew for a repeat. */
  write(
    name: string,
    content: { readonly length: number; readonly type: string; readonly open: () => AsyncIterable<Buffer> },
    signal: AbortSignal,
  ): Promise<void>;
  remove(name: string, signal: AbortSignal): Promise<void>;
  /** The container's URL with a signature that lets a service read and list it; the configured SAS, or a new one made with the account's key. A secret. */
  readableUrl(): string;
}

/** How sure it is that the kept files are those that the model was trained from. */
export type TrainingEvidence =
  /** The set was captured before and after the training, and equal; or no file is newer than the training and the names agree with the service's. */
  | "proved"
  /** No file is newer than the training; files may have been removed since. */
  | "unchanged"
  /** Files changed between the training and their capture: a retrained model will differ. */
  | "changed-since"
  /** The data set is not configured or not readable. */
  | "unknown";

/** Part 0 of `training/models/ID`, as JSON. */
export interface TrainingNote {
  readonly format: 1;
  /** The source's version key of the model that this is about: a model that is rebuilt gets a new note. */
  readonly version: string;
  readonly buildMode: string;
  /** Name of the configured data set; of a classifier one for each document type. Absent: unknown. */
  readonly set?: string;
  readonly docTypes?: Readonly<
    Record<string, { readonly set?: string; readonly prefix: string; readonly fileList?: string }>
  >;
  readonly prefix: string;
  /** Name of the file, kept with the others, that lists the documents where not everything below the prefix was used. */
  readonly fileList?: string;
  readonly evidence: TrainingEvidence;
  /** For people: which files changed, which are missing. Without full stops. */
  readonly doubts: readonly string[];
  /** Digest over every file's name and etag, whatever their order: two models with the same one were trained from the same files. */
  readonly generation: string;
  readonly files: number;
  readonly bytes: number;
}

/** What a run remembers of one data set for the next one. */
export interface DataSetMemory {
  /** As in `TrainingNote`, over the whole set. */
  readonly generation: string;
  readonly files: number;
  /** From when until when the set was, for certain, in this state, ms UTC: what was trained between them was trained from it. */
  readonly since: number;
  readonly until: number;
}

/** A configured data set, open; `memory` as this run's capture of it returned it. */
export interface OpenDataSet {
  readonly set: DataSetConfig;
  readonly container: Container;
  readonly memory?: DataSetMemory;
}
