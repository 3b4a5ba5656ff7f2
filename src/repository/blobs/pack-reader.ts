/**
 * Reading blobs from a pack. The table needs the write right, content the read right.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { packPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { damaged } from "../segment/damage.ts";
import { blobIds } from "./blob-id.ts";
import { openChunk } from "./pack-chunks.ts";
import { openPackTable } from "./pack-frame.ts";
import type { BlobEntry, ChunkEntry, PackTable } from "./pack-table.ts";
import type { PackInfo } from "./pack.ts";

/** Sealed bytes fetched at a time, at least one chunk; the next fetch runs while these are decoded. */
const FETCH_BYTES = 4 * 1024 * 1024;

/** An opened pack; nothing to close. */
export interface PackReader {
  readonly info: PackInfo;
  readonly path: string;

  /** `blob`: 64 hex digits. */
  has(blob: string): boolean;

  /** All blobs with their stored bytes, in order of id. */
  blobs(): Iterable<{ readonly blob: string; readonly length: number }>;

  /**
   * The stored bytes. Every chunk is authenticated before any of it is handed out, so bytes are right as they come;
   * the last chunk is handed out only when the digest of the whole equals the blob's id. Whoever stops on the error
   * has a prefix of the blob, never other bytes.
   * Errors: `object-missing` when the pack does not hold the blob or is not there; `object-damaged`;
   * `no-read-right`; `storage-*`.
   */
  stream(blob: string, signal?: AbortSignal): AsyncIterable<Buffer>;
}

/** Opens a pack with one read. Errors: `object-missing`, `object-damaged`, `storage-*`. */
export async function openPack(
  repository: Pick<Repository, "storage" | "keyring">,
  task: TaskName,
  info: PackInfo,
  signal?: AbortSignal,
): Promise<PackReader> {
  const path = packPath(task, info.id);
  const sealed = await repository.storage.read(path, info.table, signal);
  return new OpenPack(
    repository,
    task,
    info,
    path,
    openPackTable(repository.keyring, task, info, sealed, path),
  );
}

class OpenPack implements PackReader {
  readonly info: PackInfo;
  readonly path: string;
  readonly #repository: Pick<Repository, "storage" | "keyring">;
  readonly #task: TaskName;
  readonly #table: PackTable;

  constructor(
    repository: Pick<Repository, "storage" | "keyring">,
    task: TaskName,
    info: PackInfo,
    path: string,
    table: PackTable,
  ) {
    this.#repository = repository;
    this.#task = task;
    this.info = info;
    this.path = path;
    this.#table = table;
  }

  has(blob: string): boolean {
    return this.#table.find(blob) !== undefined;
  }

  *blobs(): Generator<{ readonly blob: string; readonly length: number }> {
    for (const { blob, length } of this.#table.blobs()) yield { blob, length };
  }

  async *stream(blob: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const entry = this.#table.find(blob);
    if (entry === undefined) {
      throw new HoldfastError("object-missing", `${this.path} does not hold the blob ${blob}.`, {
        path: this.path,
        task: this.#task,
      });
    }
    const digest = createHash("sha256");
    let length = 0;
    let held: Buffer | undefined;
    for await (const raw of this.#chunks(entry, signal)) {
      if (held !== undefined) yield held;
      digest.update(raw);
      length += raw.length;
      held = raw;
    }
    const { keyring } = this.#repository;
    if (length !== entry.length || blobIds(keyring, this.#task)(digest.digest()) !== blob) {
      throw damaged(this.path, `the chunks of blob ${blob} are not its content`);
    }
    if (held !== undefined) yield held;
  }

  async *#chunks(entry: BlobEntry, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
    const { keyring } = this.#repository;
    const key = keyring.openFileKey(this.#task, this.info.id, this.info.wrapped);
    const fetches = this.#groups(entry);
    let ahead = this.#fetch(fetches, signal);
    while (ahead !== undefined) {
      const { group, sealed } = ahead;
      const bytes = await sealed;
      ahead = this.#fetch(fetches, signal);
      let at = 0;
      for (const chunk of group) {
        signal?.throwIfAborted();
        const piece = bytes.subarray(at, (at += chunk.sealedLength));
        yield await openChunk(key, this.#task, this.info, chunk, piece, this.path);
      }
    }
  }

  #fetch(
    groups: Iterator<ChunkEntry[]>,
    signal: AbortSignal | undefined,
  ): { readonly group: readonly ChunkEntry[]; readonly sealed: Promise<Buffer> } | undefined {
    const next = groups.next();
    if (next.done) return undefined;
    const group = next.value;
    const first = group[0] as ChunkEntry;
    const last = group[group.length - 1] as ChunkEntry;
    const range = { offset: first.offset, length: last.offset + last.sealedLength - first.offset };
    const sealed = this.#repository.storage.read(this.path, range, signal);
    // Awaited in its turn; a consumer that leaves earlier must not leave an unhandled rejection behind.
    sealed.catch(() => {});
    return { group, sealed };
  }

  *#groups({ firstChunk, chunks }: BlobEntry): Generator<ChunkEntry[]> {
    let group: ChunkEntry[] = [];
    let bytes = 0;
    for (let ordinal = firstChunk; ordinal < firstChunk + chunks; ordinal++) {
      const chunk = this.#table.chunk(ordinal);
      if (group.length > 0 && bytes + chunk.sealedLength > FETCH_BYTES) {
        yield group;
        group = [];
        bytes = 0;
      }
      group.push(chunk);
      bytes += chunk.sealedLength;
    }
    if (group.length > 0) yield group;
  }
}
