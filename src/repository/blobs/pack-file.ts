/**
 * One pack in the making: seals chunks, streams them into the storage, and ends the file with its table.
 */
import { createHash } from "node:crypto";
import { randomHex } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import { packPath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { sealBox } from "../sealing/box.ts";
import type { Compressed } from "../segment/compression.ts";
import { HEADER_BYTES, PIECE, SEAL_BYTES } from "../segment/frame.ts";
import { ByteChannel } from "./byte-channel.ts";
import { packFrame, packTableKey } from "./pack-frame.ts";
import { readBackPack } from "./pack-read-back.ts";
import { type BlobEntry, encodePackTable } from "./pack-table.ts";
import type { PackInfo } from "./pack.ts";

const PACK_ID_BYTES = 16;

interface WrittenChunk {
  readonly sealedLength: number;
  readonly rawLength: number;
  readonly stored: boolean;
  abandoned: boolean;
}

export class PackFile {
  readonly id = randomHex(PACK_ID_BYTES);
  readonly path: string;
  readonly #repository: Pick<Repository, "storage" | "keyring">;
  readonly #task: TaskName;
  readonly #signal: AbortSignal | undefined;
  readonly #fileKey;
  readonly #frame;
  readonly #hash = createHash("sha256");
  readonly #channel = new ByteChannel();
  readonly #created: Promise<void>;
  readonly #chunks: WrittenChunk[] = [];
  readonly #blobs: BlobEntry[] = [];
  #offset = HEADER_BYTES;
  #storedBytes = 0;

  constructor(repository: Pick<Repository, "storage" | "keyring">, task: TaskName, signal?: AbortSignal) {
    this.#repository = repository;
    this.#task = task;
    this.#signal = signal;
    this.path = packPath(task, this.id);
    this.#fileKey = repository.keyring.newFileKey(task, this.id);
    // The table's place is not known yet; header and additional data of chunks do not depend on it.
    this.#frame = packFrame(task, {
      id: this.id,
      wrapped: this.#fileKey.wrapped,
      table: { offset: 0, length: 0 },
    });
    this.#created = this.#create();
    // Reported by the next push and by `finish`.
    this.#created.catch((error: unknown) => this.#channel.close(error));
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#offset;
  }

  get blobs(): number {
    return this.#blobs.length;
  }

  /** The ordinal of the next chunk. */
  get nextChunk(): number {
    return this.#chunks.length;
  }

  async addChunk({ bytes, stored }: Compressed, rawLength: number): Promise<void> {
    const ordinal = this.#chunks.length;
    const additional = this.#frame.data(PIECE.chunk, ordinal);
    const sealed = sealBox(this.#fileKey.key, PIECE.chunk, ordinal, additional, bytes);
    this.#chunks.push({ sealedLength: sealed.length, rawLength, stored, abandoned: false });
    await this.#push(sealed);
  }

  /** States that the chunks from `firstChunk` on are this blob. */
  addBlob(blob: string, firstChunk: number, length: number): void {
    this.#blobs.push({ blob, firstChunk, chunks: this.#chunks.length - firstChunk, length });
    this.#storedBytes += length;
  }

  /** States that the chunks from `firstChunk` on belong to nothing: waste until the pack is rewritten. */
  abandon(firstChunk: number): void {
    for (const chunk of this.#chunks.slice(firstChunk)) chunk.abandoned = true;
  }

  /** Ends the file, waits until it is durable, and reads its table and one chunk back. */
  async finish(): Promise<PackInfo> {
    const plain = encodePackTable(this.#chunks, this.#blobs);
    const table = { offset: this.#offset, length: plain.length + SEAL_BYTES };
    const { wrapped, key } = this.#fileKey;
    const { tableData, trailer } = packFrame(this.#task, { id: this.id, wrapped, table });
    const { keyring, storage } = this.#repository;
    await this.#push(
      sealBox(packTableKey(keyring, this.#task, this.id), PIECE.packTable, 0, tableData, plain),
    );
    await this.#push(trailer);
    this.#channel.end();
    await this.#created;
    const info: PackInfo = {
      id: this.id,
      bytes: this.#offset,
      sha256: this.#hash.digest("hex"),
      wrapped,
      table,
      blobs: this.#blobs.length,
      storedBytes: this.#storedBytes,
    };
    await readBackPack(storage, keyring, this.#task, info, key, this.#signal);
    return info;
  }

  /** Nothing of the file stays. */
  async abort(reason: unknown): Promise<void> {
    this.#channel.close(reason);
    await this.#created.catch(() => {});
  }

  async #create(): Promise<void> {
    this.#hash.update(this.#frame.header);
    const { storage } = this.#repository;
    const outcome = await storage.create(this.path, this.#content(), this.#signal);
    if (outcome === "exists") {
      throw new HoldfastError(
        "storage-failed",
        `${this.path} exists although its name was drawn at random just now.`,
        { path: this.path, task: this.#task },
      );
    }
  }

  async *#content(): AsyncGenerator<Buffer> {
    yield this.#frame.header;
    yield* this.#channel;
  }

  async #push(bytes: Buffer): Promise<void> {
    this.#offset += bytes.length;
    this.#hash.update(bytes);
    try {
      await this.#channel.push(bytes);
    } catch (error) {
      // The storage's own words, when it was the storage that stopped.
      await this.#created;
      throw error;
    }
  }
}
