/**
 * Reading blobs of a task: the pack that a reference names first, then every other pack of the manifest.
 */
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { HoldfastError } from "../model/errors.ts";
import type { TaskName } from "../model/task.ts";
import type { BlobRef } from "../model/version.ts";
import { openPack, type PackReader } from "../repository/blobs/pack-reader.ts";
import type { PackInfo } from "../repository/blobs/pack.ts";
import type { Repository } from "../repository/repository.ts";

/** Packs whose tables are held open; a table of a full pack is a few hundred KiB. */
const OPEN_PACKS = 16;

export class BlobReader {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #packs: ReadonlyMap<string, PackInfo>;
  readonly #open = new Map<string, Promise<PackReader>>();

  constructor(repository: Repository, task: TaskName, packs: readonly PackInfo[]) {
    this.#repository = repository;
    this.#task = task;
    this.#packs = new Map(packs.map((pack) => [pack.id, pack]));
  }

  /** The blob's stored bytes. Errors: `object-missing` when no pack holds it; `object-damaged`; `no-read-right`. */
  async *stream(ref: Pick<BlobRef, "blob" | "pack">, signal?: AbortSignal): AsyncGenerator<Buffer> {
    const hinted = this.#packs.get(ref.pack);
    const others = [...this.#packs.values()].filter((pack) => pack !== hinted);
    for (const info of hinted ? [hinted, ...others] : others) {
      const pack = await this.#openPack(info);
      if (pack.has(ref.blob)) {
        yield* pack.stream(ref.blob, signal);
        return;
      }
    }
    throw new HoldfastError("object-missing", `No pack of ${this.#task} holds the blob ${ref.blob}.`, {
      task: this.#task,
    });
  }

  /** The blob's content as people mean it: unpacked where it is stored compressed. Errors as `stream`. */
  async *streamDecoded(ref: BlobRef, signal?: AbortSignal): AsyncGenerator<Buffer> {
    if (ref.encoding === "identity") yield* this.stream(ref, signal);
    else yield* pipeline(this.stream(ref, signal), createGunzip(), () => {}) as AsyncIterable<Buffer>;
  }

  async #openPack(info: PackInfo): Promise<PackReader> {
    const known = this.#open.get(info.id);
    if (known !== undefined) {
      // Re-inserted: the map's order is the order of last use.
      this.#open.delete(info.id);
      this.#open.set(info.id, known);
      return known;
    }
    const opening = openPack(this.#repository, this.#task, info);
    this.#open.set(info.id, opening);
    opening.catch(() => this.#open.delete(info.id));
    const oldest = this.#open.keys().next().value;
    if (this.#open.size > OPEN_PACKS && oldest !== undefined) this.#open.delete(oldest);
    return opening;
  }
}
