/**
 * A storage in the memory of this process, for tests and rehearsals. It keeps the whole contract except that nothing
 * outlives the process.
 */
import { HoldfastError } from "../../model/errors.ts";
import { abortable } from "./abortable.ts";
import { checkPath, checkPrefix } from "./paths.ts";
import { checkRange } from "./ranges.ts";
import type { ByteRange, CreateOutcome, ObjectStat, Storage, StorageCapabilities } from "./storage.ts";

const STREAM_PIECE_BYTES = 256 * 1024;

export function memoryStorage(): Storage {
  return new MemoryStorage();
}

class MemoryStorage implements Storage {
  readonly capabilities: StorageCapabilities = { createIfAbsent: true, objectLock: false };
  readonly location = "memory";
  readonly #objects = new Map<string, Buffer>();

  async create(
    path: string,
    content: Buffer | AsyncIterable<Buffer>,
    signal?: AbortSignal,
  ): Promise<CreateOutcome> {
    checkPath(path);
    signal?.throwIfAborted();
    const pieces: Buffer[] = [];
    if (Buffer.isBuffer(content)) pieces.push(content);
    // Copied piece by piece: the source may use its buffer again.
    else for await (const piece of abortable(content, signal)) pieces.push(Buffer.from(piece));
    signal?.throwIfAborted();
    if (this.#objects.has(path)) return "exists";
    this.#objects.set(path, Buffer.concat(pieces));
    return "created";
  }

  async read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    signal?.throwIfAborted();
    return Buffer.from(this.#bytes(path, range));
  }

  async *stream(path: string, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
    signal?.throwIfAborted();
    const bytes = this.#bytes(path, range);
    for (let done = 0; done < bytes.length; done += STREAM_PIECE_BYTES) {
      signal?.throwIfAborted();
      yield Buffer.from(bytes.subarray(done, done + STREAM_PIECE_BYTES));
    }
  }

  async stat(path: string, signal?: AbortSignal): Promise<ObjectStat | undefined> {
    checkPath(path);
    signal?.throwIfAborted();
    const bytes = this.#objects.get(path);
    return bytes && { path, size: bytes.length };
  }

  async *list(
    prefix: string,
    options: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectStat> {
    checkPrefix(prefix);
    const { after = "", signal } = options;
    // Paths are ASCII, where the default order of strings is byte order.
    const paths = [...this.#objects.keys()].filter((path) => path.startsWith(prefix) && path > after).sort();
    for (const path of paths) {
      signal?.throwIfAborted();
      const bytes = this.#objects.get(path);
      if (bytes !== undefined) yield { path, size: bytes.length };
    }
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    checkPath(path);
    signal?.throwIfAborted();
    this.#objects.delete(path);
  }

  async close(): Promise<void> {
    // What was kept stays, as it would in any other place, for whoever goes on with the same storage.
  }

  #bytes(path: string, range: ByteRange | undefined): Buffer {
    checkPath(path);
    const bytes = this.#objects.get(path);
    if (bytes === undefined) {
      throw new HoldfastError(
        "object-missing",
        `Failed reading ${path} in memory: there is no such object.`,
        {
          path,
        },
      );
    }
    const { offset, length } = checkRange(range, bytes.length, path, this.location);
    return bytes.subarray(offset, offset + length);
  }
}
