/**
 * What every export format is given, and what it counts while it writes. A format turns one instant into a stream of
 * bytes; it knows nothing of repositories.
 */
import type { BlobRef } from "../model/version.ts";
import type { VersionReader } from "../sources/source.ts";

/** The frame of an export, as NDJSON and tar write it down. Times are ISO 8601 UTC. */
export interface ExportFrame {
  readonly task: string;
  readonly source: { readonly name: string; readonly kind: string; readonly collection: string };
  readonly instant: string;
  /**
   * How exactly the instant answers the time that was asked for, and the next kept instant. No change acknowledged before
   * `completeAsOf` is missing; null where only single items are kept at the instant.
   */
  readonly exactness: {
    readonly precision: string;
    readonly next: string | null;
    readonly completeAsOf: string | null;
  };
  /** Whether every item of the instant is in it. */
  readonly whole: boolean;
  /** Whether the contents of attachments are in it. */
  readonly attachments: boolean;
}

export interface ExportInput {
  readonly frame: ExportFrame;
  /** The chosen items; errors of the repository come through it. */
  readonly reader: VersionReader;
  /** A blob's content as people mean it: unpacked where it is stored compressed. */
  readonly decoded: (ref: BlobRef) => AsyncIterable<Buffer>;
}

/** What has been written so far. */
export class ExportTally {
  items = 0;
  documents = 0;
  /** Leaf revisions of the documents, deleted ones among them. */
  revisions = 0;
  deleted = 0;
  /** Attachments whose content is in the export. */
  blobs = 0;
  /** Attachments whose content was never kept: only what is said about them is in the export. */
  contentMissing = 0;
  /** Items that the format has no place for. */
  readonly leftOut = { security: 0, settings: 0, local: 0 };
  /** Design documents that validate writes. */
  validators = 0;
}
