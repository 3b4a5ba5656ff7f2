/**
 * What every import format yields and what it may ask for. A format reads a file as a stream; where the bytes of
 * attachments go, and how revisions of one document that lie apart in the file find each other, is the importer's matter.
 */
import type { ItemKey } from "../model/key.ts";
import type { BlobEncoding } from "../model/version.ts";
import type { StoredBlob } from "../sources/source.ts";

/** An attachment's content that was stored. */
export interface KeptContent {
  readonly name: string;
  readonly blob: StoredBlob;
}

/** One revision of one item, as it stood in the file. */
export interface ImportedLeaf {
  readonly key: ItemKey;
  /** The revision; empty for an item that has none (`_security`, `_settings`). */
  readonly rev: string;
  readonly deleted: boolean;
  readonly text: Buffer;
  readonly contents: readonly KeptContent[];
  /** Names of attachments whose content is not in the file. */
  readonly missing: readonly string[];
  /** When and at which sequence it had been seen, where the file says so; ms UTC. */
  readonly seen?: { readonly at: number; readonly sequence: string };
}

/** Content on its way into the repository, or, in a preview, nowhere. */
export type StoreContent = (content: AsyncIterable<Buffer>, encoding: BlobEncoding) => Promise<StoredBlob>;

/** What the file says of itself. */
export interface FileFrame {
  /** The instant, ms UTC; undefined where the format has none. */
  readonly instant: number | undefined;
  /** Whose data it holds, for people; empty where the format does not say. */
  readonly origin: string;
  /** False when it says that it holds a part of the instant. */
  readonly whole: boolean;
}

/** What was noticed while reading. */
export class ImportNotes {
  frame: FileFrame = { instant: undefined, origin: "", whole: true };
  /** Lines that a resumed couchbackup left behind unfinished. */
  tornLines = 0;
  /** The file ends in the middle of a line, which was accepted. */
  truncated = false;
  /** Revisions without `_rev`, which were given one; the first of them by name. */
  withoutRevision = 0;
  readonly unnamed: string[] = [];
  /** Revisions with `_rev`. */
  withRevision = 0;
}

/** Names kept of documents that a report lists; their number is counted beyond. */
export const NAMES_LISTED = 1_000;

/** The file is not what it should be. `detail` continues "… cannot be imported: ". */
export class UnusableFile extends Error {
  override readonly name = "UnusableFile";
}
