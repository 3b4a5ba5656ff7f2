/**
 * What operations tell about erasures.
 */
/** What `erase` did, or would do: the certificate, and the item's name, which the kept certificate does not have. */
export interface EraseReport extends ErasureRow {
  readonly item: string;
  /** False: a preview. */
  readonly applied: boolean;
  /** Bytes of the files that held it. */
  readonly bytes: number;
  /** Blobs that no other item refers to. */
  readonly blobs: number;
  readonly durationMs: number;
}

/** The certificate of an erasure. */
export interface ErasureRow {
  readonly erasure: string;
  readonly task: string;
  readonly source: string;
  readonly collection: string;
  /** Keyed hash of the item's key: whoever has the repository's key can tell which item it was, nobody else. */
  readonly itemHash: string;
  readonly at: string;
  readonly reason: string;
  /** The first generation without the item; null in a preview. */
  readonly generation: number | null;
  /** When its old files were all gone; null while some wait for somebody who still reads an older generation. */
  readonly completedAt: string | null;
  /** Each version that was removed, with the instants at which it was kept. */
  readonly versions: readonly { readonly seen: string; readonly instants: readonly string[] }[];
  /** Files that held it, and what stands in their place; `sha256` is null for a file that no manifest named. */
  readonly files: readonly {
    readonly path: string;
    readonly sha256: string | null;
    readonly into: readonly { readonly path: string; readonly sha256: string | null }[];
  }[];
  /** Restores that cannot be undone any more. */
  readonly restores: readonly string[];
  /** What the erasure does not reach, in sentences. */
  readonly notReached: readonly string[];
}
