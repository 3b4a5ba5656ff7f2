/**
 * What operations tell about imports and exports.
 */
import type { ExactnessRow } from "./items.ts";

/** What `export` wrote. */
export interface ExportReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly instant: string;
  readonly exactness: ExactnessRow;
  /** No change acknowledged before this is missing; null where only single items are kept at the instant. */
  readonly completeAsOf: string | null;
  readonly format: "couchbackup" | "ndjson" | "tar";
  /** The file; null for a stream. */
  readonly output: string | null;
  /** Whether contents of attachments were asked for. */
  readonly attachments: boolean;
  readonly items: number;
  readonly documents: number;
  /** Leaf revisions of the documents, deleted ones among them. */
  readonly revisions: number;
  /** Documents that are deleted. */
  readonly deleted: number;
  /** Attachments with their contents. */
  readonly blobs: number;
  /** Attachments without their contents: not asked for, or never kept. */
  readonly contentMissing: number;
  /** Items that are not in it because their versions are lost. */
  readonly lost: number;
  /** Items that the format has no place for. */
  readonly leftOut: { readonly security: number; readonly settings: number; readonly local: number };
  /** couchbackup: design documents that validate writes; they come last. */
  readonly validators: number;
  readonly bytes: number;
  /** Of everything that was written. */
  readonly sha256: string;
  readonly durationMs: number;
}

/** What `import` made of a file, or would make. */
export interface ImportReport {
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  readonly file: string;
  readonly format: "couchbackup" | "ndjson" | "tar";
  /** Whose data it says it holds; empty where the format does not say. */
  readonly origin: string;
  /** The baseline's instant, and what it was taken from. */
  readonly instant: string;
  readonly instantFrom: "--at" | "the file's header" | "the file's own time";
  /** False: a preview. */
  readonly applied: boolean;
  /** Null in a preview. */
  readonly run: string | null;
  /** Null in a preview, which does not bring revisions of one document together. */
  readonly documents: number | null;
  readonly deleted: number | null;
  /** Revisions of documents in the file, repetitions among them. */
  readonly revisions: number;
  /** Revisions that stood in the file more than once, or behind another one of their document; null in a preview. */
  readonly repeated: number | null;
  /** Items that are no documents: the security object, settings, local documents. */
  readonly otherItems: number;
  /** Contents of attachments. */
  readonly blobs: number;
  /** Revisions that came without one and were given a made-up one. */
  readonly madeUpRevisions: number;
  /** Documents with attachments whose contents are not in the file; the first 1,000 by name. */
  readonly contentMissing: {
    readonly documents: number;
    readonly examples: readonly { readonly key: string; readonly attachments: readonly string[] }[];
  };
  /** Lines that an interrupted couchbackup left unfinished. */
  readonly tornLines: number;
  /** The file is cut off, which was accepted. */
  readonly truncated: boolean;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly warnings: readonly string[];
  readonly durationMs: number;
}
