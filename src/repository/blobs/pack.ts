/**
 * What a pack of blobs is, to everyone who does not read its bytes. The bytes are described in
 * docs/format/packs.md.
 */
import type { BlobRef } from "../../model/version.ts";
import type { WrappedKey } from "../sealing/keyring.ts";

/** A stored blob, not yet named by a part of a version. */
export type StoredBlob = Omit<BlobRef, "part" | "name">;

/** A pack as its task's manifest lists it: all that is needed to open it with one read. */
export interface PackInfo {
  /** 32 hex digits; also the file name. */
  readonly id: string;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** SHA-256 of the whole file, 64 hex digits. */
  readonly sha256: string;
  readonly wrapped: WrappedKey;
  /** Where the sealed tables of chunks and blobs lie (write right). */
  readonly table: { readonly offset: number; readonly length: number };
  /** Blobs in the pack. */
  readonly blobs: number;
  /** What those blobs' lengths add up to. */
  readonly storedBytes: number;
}
