/**
 * What a segment is, to everyone who does not read its bytes. The bytes are described in docs/repository-format.md.
 */
import type { WrappedKey } from "../sealing/keyring.ts";

/** A segment as its task's manifest lists it: all that is needed to open it with one read. */
export interface SegmentInfo {
  /** 32 hex digits; also the file name. */
  readonly id: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** SHA-256 of the whole file, 64 hex digits. */
  readonly sha256: string;
  readonly wrapped: WrappedKey;
  /** First and last key, sealed under the segment's key (write-only holders learn no key). */
  readonly bounds: Buffer;
  /** Where the sealed footer lies (read right), and the sealed page directory (write right). */
  readonly footer: { readonly offset: number; readonly length: number };
  readonly directory: { readonly offset: number; readonly length: number };
  readonly counts: SegmentCounts;
}

export interface SegmentCounts {
  readonly live: number;
  readonly deleted: number;
  readonly purged: number;
  /** Body bytes before compression. */
  readonly bodyBytes: number;
  /** References to blobs. */
  readonly blobRefs: number;
}
