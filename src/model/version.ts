/**
 * One item's state as one run saw it.
 */
import type { Millis } from "./clock.ts";
import type { ItemKey } from "./key.ts";

/**
 * `live`: the item exists. `deleted`: a tombstone, with body where the source keeps one.
 * `purged`: the source has forgotten the item without leaving a tombstone; absent from here on.
 */
export type VersionKind = "live" | "deleted" | "purged";

/** When, by which run and at which point of the source's own order something was seen. */
export interface Observation {
  /** The run's id, 32 hex digits. */
  readonly run: string;
  /** When the answer that held the version had arrived, ms UTC. */
  readonly at: Millis;
  /** The source's own sequence as opaque text; empty where it has none. */
  readonly sequence: string;
}

/** How a blob's stored bytes relate to the content people mean. */
export type BlobEncoding = "identity" | "gzip";

/** A reference from a version to content kept apart (an attachment, an audio file). */
export interface BlobRef {
  /** Which part of the version names it (index into `parts`). */
  readonly part: number;
  /** Its name inside the item, e.g. the attachment's. */
  readonly name: string;
  /** Keyed digest of the stored bytes, 64 hex digits: its address inside the task. */
  readonly blob: string;
  /** The pack that held it when the version was written, 32 hex digits: where to look first. */
  readonly pack: string;
  /** Stored bytes. */
  readonly length: number;
  readonly encoding: BlobEncoding;
  /** SHA-256 of the identity (decoded) bytes, 64 hex digits. */
  readonly sha256: string;
  /**
   * Keyed digest of the source's own name for this content, 32 hex digits: by it an unchanged blob is recognised
   * without fetching it again, even by an agent that may not read.
   */
  readonly alias: string;
}

/** What a run found and hands to the engine, before it is stored. */
export interface CapturedVersion {
  readonly key: ItemKey;
  readonly kind: VersionKind;
  /** The source's own name for this state (CouchDB: the winning revision); empty where it has none. */
  readonly revision: string;
  /**
   * Canonical bytes of everything that tells this state from another (CouchDB: the sorted leaf revisions). Two
   * versions of one item with equal `state` are the same version; the engine keeps only a keyed fingerprint of it.
   */
  readonly state: Buffer;
  /** The body, in the bytes the source sent. CouchDB: one part for each leaf revision, winner first. */
  readonly parts: readonly Buffer[];
  readonly blobs: readonly BlobRef[];
}

/** A stored version, as it is read back. */
export interface Version {
  readonly key: ItemKey;
  readonly kind: VersionKind;
  readonly revision: string;
  readonly observation: Observation;
  /** Keyed fingerprint of `CapturedVersion.state`, 8 bytes. */
  readonly fingerprint: Buffer;
  readonly parts: readonly Buffer[];
  readonly blobs: readonly BlobRef[];
}
