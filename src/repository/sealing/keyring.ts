/**
 * The keys that one opened repository may use.
 *
 * Two rights. *Write*: the write master, from which every key for manifests, run records, index pages and
 * fingerprints is derived, and the public data keys. *Read*: also the private data keys, which open segments and packs.
 * A keyring never leaves the process and never appears in a log or an error.
 */
import type { TaskName } from "../../model/task.ts";

export type Right = "write" | "read";

/** A fresh 256-bit key for one file, with its wrapping for whoever holds the read right. */
export interface FileKey {
  readonly key: Buffer;
  readonly wrapped: WrappedKey;
}

/** How a file's key travels: opened only with the private data key of that generation. */
export interface WrappedKey {
  /** Generation of the data key, from 1. */
  readonly generation: number;
  /** Ephemeral X25519 public key, 32 bytes. */
  readonly ephemeral: Buffer;
  /** The sealed file key, 32 + 16 bytes. */
  readonly sealed: Buffer;
}

export interface Keyring {
  /** The repository's id, 32 hex digits: part of every key derivation. */
  readonly repository: string;
  readonly right: Right;

  /**
   * A key for one purpose, derived from the write master by HKDF-SHA256; 32 bytes. `purpose` names what it is for
   * (`manifest`, `run`, `pages`, `fingerprint`, `blob`), `scope` the task and, for `pages`, the file.
   */
  derive(purpose: string, ...scope: string[]): Buffer;

  /** The task's stable name for a source's collection: the same in every process that has the write right. */
  taskName(source: string, kind: string, collection: string): TaskName;

  /** Makes a key for a new file and wraps it to the newest public data key. `file`: task and file id, bound into the wrapping. */
  newFileKey(task: string, file: string): FileKey;

  /** Opens a file's key. Errors: `no-read-right`; `object-damaged` when it does not open. */
  openFileKey(task: string, file: string, wrapped: WrappedKey): Buffer;
}
