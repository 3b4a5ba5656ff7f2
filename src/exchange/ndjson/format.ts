/**
 * Holdfast's own lossless form of one instant, in lines of JSON (docs/format/exchange.md): a header, an item on each line
 * with everything that is known of its version, contents of attachments in lines of their own before the item that refers to
 * them, and an end with counts and a digest.
 */
import type { BlobEncoding, VersionKind } from "../../model/version.ts";
import type { ExportFrame } from "../exported.ts";

export const NDJSON_FORMAT = "holdfast-items";
export const NDJSON_VERSION = 1;

export interface HeaderLine extends ExportFrame {
  readonly format: typeof NDJSON_FORMAT;
  readonly version: number;
}

/** A piece of a blob; `blob` counts the blobs of the file from 1, `last` marks its last piece. */
export interface ContentLine {
  readonly blob: number;
  readonly encoding: BlobEncoding;
  /** Base64. */
  readonly data: string;
  readonly last?: true;
}

/** Bytes as text where they are UTF-8, else in base64. */
export type Bytes = string | { readonly base64: string };

export interface BlobEntry {
  readonly part: number;
  readonly name: string;
  /** Stored bytes: with `gzip` those are the compressed ones. */
  readonly length: number;
  readonly encoding: BlobEncoding;
  /** Of the plain bytes. */
  readonly sha256: string;
  /** Number of the blob whose pieces came before; null where contents are left out. */
  readonly blob: number | null;
}

export interface ItemLine {
  readonly item: {
    readonly key: Bytes;
    readonly kind: VersionKind;
    readonly revision: string;
    readonly observation: { readonly run: string; readonly at: string; readonly sequence: string };
    /** Raw texts, as the source sent them. */
    readonly parts: readonly Bytes[];
    readonly blobs: readonly BlobEntry[];
  };
}

export interface EndLine {
  readonly end: {
    readonly items: number;
    readonly blobs: number;
    /** Of every byte before this line. */
    readonly bytes: number;
    readonly sha256: string;
  };
}
