/**
 * Stores blobs into packs of one task. Content that this writer has already stored is not stored again: what fits
 * one chunk is recognised before it is written; of larger content, which is streamed, the chunks are already in the
 * pack when its digest is known, and stay there as waste.
 */
import { createHash } from "node:crypto";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { BlobEncoding } from "../../model/version.ts";
import type { Repository } from "../repository.ts";
import { compress, type Compressed } from "../segment/compression.ts";
import { type BlobId, blobIds } from "./blob-id.ts";
import { CHUNK_LEVEL, chunksOf, compresses } from "./chunking.ts";
import { GunzipDigest } from "./content-digest.ts";
import { PackFile } from "./pack-file.ts";
import type { PackInfo, StoredBlob } from "./pack.ts";

export interface PackLimits {
  /** A pack that has grown to this size gets no further blob; its last blob may take it beyond. */
  readonly targetBytes: number;
  /** Likewise; bounds the table that every reader loads. */
  readonly targetBlobs: number;
}

/** 256 MiB: few enough objects, and a failed upload repeats little. 65 536 blobs: a table of 4 MB. */
export const DEFAULT_PACK_LIMITS: PackLimits = { targetBytes: 256 * 1024 * 1024, targetBlobs: 65_536 };

/** Chunks of one blob being compressed at a time, 1 MiB each. */
const CHUNKS_IN_FLIGHT = 3;

/** Where a blob that this writer has stored lies. */
interface Place {
  readonly pack: string;
  readonly length: number;
}

/**
 * Used by one run: any number of `add`, then `finish` or `abort`. Calls of `add` may overlap; contents are stored
 * one after the other, and a content's stream is not touched before its turn.
 */
export class PackWriter implements AsyncDisposable {
  readonly #repository: Pick<Repository, "storage" | "keyring">;
  readonly #task: TaskName;
  readonly #signal: AbortSignal | undefined;
  readonly #limits: PackLimits;
  readonly #blobId: BlobId;
  readonly #places = new Map<string, Place>();
  readonly #finished: PackInfo[] = [];
  #pack: PackFile | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #ended = false;
  /** Set when the storage failed: what was promised to callers can no longer be kept. */
  #failure: { readonly error: unknown } | undefined;

  constructor(
    repository: Pick<Repository, "storage" | "keyring">,
    task: TaskName,
    signal?: AbortSignal,
    limits: Partial<PackLimits> = {},
  ) {
    this.#repository = repository;
    this.#task = task;
    this.#signal = signal;
    this.#limits = { ...DEFAULT_PACK_LIMITS, ...limits };
    this.#blobId = blobIds(repository.keyring, task);
  }

  /**
   * Stores a blob, in constant memory. `alias`: 32 hex digits, put into the result. The blob can be read once
   * `finish` has returned.
   *
   * Errors: whatever `content` throws, and `source-protocol` for gzip content that is none: nothing is kept of it
   * and the writer goes on. `storage-*`: this and every later call fails.
   */
  async add(content: AsyncIterable<Buffer>, encoding: BlobEncoding, alias: string): Promise<StoredBlob> {
    return this.#inTurn(async () => {
      this.#checkOpen();
      return this.#store(content, encoding, alias);
    });
  }

  /** Ends the packs. Everything added is durable when it returns. No blobs, no packs. */
  async finish(): Promise<PackInfo[]> {
    return this.#inTurn(async () => {
      this.#checkOpen();
      this.#ended = true;
      await this.#finishPack();
      return this.#finished;
    });
  }

  /** Nothing stays of the open pack; packs that were cut before stay, unreferenced. */
  async abort(): Promise<void> {
    this.#ended = true;
    const pack = this.#pack;
    this.#pack = undefined;
    await pack?.abort(new HoldfastError("interrupted", `Stopped writing ${pack.path}.`, { path: pack.path }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#ended) await this.abort();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  #checkOpen(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#ended) {
      throw new HoldfastError("internal", "A blob was to be stored after its pack writer had ended.", {
        task: this.#task,
      });
    }
  }

  async #store(content: AsyncIterable<Buffer>, encoding: BlobEncoding, alias: string): Promise<StoredBlob> {
    await this.#cutIfFull();
    using identity = encoding === "gzip" ? new GunzipDigest(this.#task) : undefined;
    const digest = createHash("sha256");
    let length = 0;
    let first: Buffer | undefined;
    let streaming: BlobStream | undefined;
    try {
      for await (const chunk of chunksOf(content)) {
        this.#signal?.throwIfAborted();
        length += chunk.length;
        digest.update(chunk);
        await identity?.update(chunk);
        if (first === undefined) first = chunk;
        else {
          streaming ??= await this.#startStream(encoding, first);
          await streaming.add(chunk);
        }
      }
      const stored = digest.digest();
      const sha256 = (await identity?.finish()) ?? stored.toString("hex");
      const blob = this.#blobId(stored);
      let place = this.#places.get(blob);
      if (place === undefined) {
        streaming ??= await this.#startStream(encoding, first);
        await streaming.finish(blob, length);
        place = { pack: streaming.pack.id, length };
        this.#places.set(blob, place);
      } else {
        await streaming?.abandon();
      }
      return { blob, pack: place.pack, length, encoding, sha256, alias };
    } catch (error) {
      await streaming?.abandon();
      throw error;
    }
  }

  async #startStream(encoding: BlobEncoding, first: Buffer | undefined): Promise<BlobStream> {
    if (this.#ended) this.#checkOpen();
    const pack = (this.#pack ??= new PackFile(this.#repository, this.#task, this.#signal));
    const compressing = first !== undefined && (await compresses(encoding, first));
    const stream = new BlobStream(pack, compressing, (error) => (this.#failure ??= { error }));
    if (first !== undefined) await stream.add(first);
    return stream;
  }

  async #cutIfFull(): Promise<void> {
    const { targetBytes, targetBlobs } = this.#limits;
    if (this.#pack && (this.#pack.bytes >= targetBytes || this.#pack.blobs >= targetBlobs))
      await this.#finishPack();
  }

  async #finishPack(): Promise<void> {
    const pack = this.#pack;
    this.#pack = undefined;
    if (pack === undefined) return;
    if (pack.blobs === 0) {
      // Only abandoned chunks: not worth a file.
      await pack.abort(new HoldfastError("interrupted", `${pack.path} holds no blob.`, { path: pack.path }));
      return;
    }
    try {
      this.#finished.push(await pack.finish());
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    }
  }
}

/** One blob on its way into a pack: chunks are compressed ahead and written in order. */
class BlobStream {
  readonly pack: PackFile;
  readonly #firstChunk: number;
  readonly #compressing: boolean;
  readonly #storageFailed: (error: unknown) => void;
  readonly #ahead: { readonly rawLength: number; readonly compressed: Promise<Compressed> }[] = [];

  constructor(pack: PackFile, compressing: boolean, storageFailed: (error: unknown) => void) {
    this.pack = pack;
    this.#firstChunk = pack.nextChunk;
    this.#compressing = compressing;
    this.#storageFailed = storageFailed;
  }

  async add(chunk: Buffer): Promise<void> {
    const compressed = this.#compressing
      ? compress(chunk, CHUNK_LEVEL)
      : Promise.resolve({ bytes: chunk, stored: true });
    compressed.catch(() => {});
    this.#ahead.push({ rawLength: chunk.length, compressed });
    if (this.#ahead.length >= CHUNKS_IN_FLIGHT) await this.#writeOldest();
  }

  async finish(blob: string, length: number): Promise<void> {
    while (this.#ahead.length > 0) await this.#writeOldest();
    this.pack.addBlob(blob, this.#firstChunk, length);
  }

  /** The chunks already written belong to nothing; those ahead are not written. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#ahead.splice(0).map(({ compressed }) => compressed));
    this.pack.abandon(this.#firstChunk);
  }

  async #writeOldest(): Promise<void> {
    const oldest = this.#ahead.shift();
    if (oldest === undefined) return;
    const compressed = await oldest.compressed;
    try {
      await this.pack.addChunk(compressed, oldest.rawLength);
    } catch (error) {
      this.#storageFailed(error);
      throw error;
    }
  }
}
