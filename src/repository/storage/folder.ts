/**
 * A repository in a folder: each object is a file of the same path. See `folder-create.ts` for how an object appears,
 * `folder-list.ts` for the order of listings. Nothing is cached: other processes write here too.
 */
import { open, stat, unlink } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import { createFile } from "./folder-create.ts";
import { FolderDirectories } from "./folder-directories.ts";
import { folderError, folderWriteError, isErrno } from "./folder-errors.ts";
import { NAMES_IN_MEMORY, listFiles } from "./folder-list.ts";
import { checkPath, checkPrefix } from "./paths.ts";
import { checkRange, tooShort } from "./ranges.ts";
import type { ByteRange, CreateOutcome, ObjectStat, Storage, StorageCapabilities } from "./storage.ts";

/** Bytes of one piece of a stream: large enough that the calls don't matter, small beside everything else in memory. */
const STREAM_PIECE_BYTES = 256 * 1024;

export interface FolderOptions {
  /** False for file systems whose hard links cannot be trusted; those that have none are recognised. Default true. */
  readonly hardLinks?: boolean;
  /** Names of one directory held in memory while it is listed. Default 65,536. */
  readonly namesInMemory?: number;
}

/** The storage in the folder `path`. Touches nothing; the folder is made with the first object. */
export function openFolder(path: string, options: FolderOptions = {}): Storage {
  return new FolderStorage(resolve(path), options);
}

class FolderStorage implements Storage {
  readonly capabilities: StorageCapabilities = { createIfAbsent: true, objectLock: false };
  readonly location: string;
  readonly #directories: FolderDirectories;
  readonly #hardLinks: boolean;
  readonly #namesInMemory: number;

  constructor(root: string, options: FolderOptions) {
    this.location = `folder ${root}`;
    this.#directories = new FolderDirectories(root);
    this.#hardLinks = options.hardLinks ?? true;
    this.#namesInMemory = options.namesInMemory ?? NAMES_IN_MEMORY;
  }

  async create(
    path: string,
    content: Buffer | AsyncIterable<Buffer>,
    signal?: AbortSignal,
  ): Promise<CreateOutcome> {
    checkPath(path);
    const watched = Buffer.isBuffer(content) ? undefined : new WatchedSource(content);
    try {
      const source = watched ?? content;
      return await createFile(this.#directories, path, source, this.#hardLinks, signal);
    } catch (error) {
      // The source's own errors pass as they are, even when they come from reading a file elsewhere.
      if (watched?.failed === true) throw error;
      throw folderWriteError(error, `creating ${path} in ${this.location}`, path);
    }
  }

  async read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer> {
    checkPath(path);
    signal?.throwIfAborted();
    try {
      await using handle = await this.#open(path);
      const { offset, length } = await this.#bounds(handle, path, range);
      const bytes = Buffer.allocUnsafe(length);
      await this.#fill(handle, path, offset, bytes);
      signal?.throwIfAborted();
      return bytes;
    } catch (error) {
      throw folderError(error, `reading ${path} in ${this.location}`, path);
    }
  }

  async *stream(path: string, range?: ByteRange, signal?: AbortSignal): AsyncGenerator<Buffer> {
    checkPath(path);
    signal?.throwIfAborted();
    try {
      await using handle = await this.#open(path);
      const { offset, length } = await this.#bounds(handle, path, range);
      for (let done = 0; done < length; done += STREAM_PIECE_BYTES) {
        signal?.throwIfAborted();
        const piece = Buffer.allocUnsafe(Math.min(STREAM_PIECE_BYTES, length - done));
        await this.#fill(handle, path, offset + done, piece);
        yield piece;
      }
    } catch (error) {
      throw folderError(error, `reading ${path} in ${this.location}`, path);
    }
  }

  async stat(path: string, signal?: AbortSignal): Promise<ObjectStat | undefined> {
    checkPath(path);
    signal?.throwIfAborted();
    try {
      const found = await stat(join(this.#directories.root, path));
      return found.isFile() ? { path, size: found.size } : undefined;
    } catch (error) {
      return await this.#absence(error, `looking for ${path} in ${this.location}`, path);
    }
  }

  async *list(
    prefix: string,
    options: { readonly after?: string; readonly signal?: AbortSignal } = {},
  ): AsyncGenerator<ObjectStat> {
    checkPrefix(prefix);
    const { after = "", signal } = options;
    const namesInMemory = this.#namesInMemory;
    const root = this.#directories.root;
    const doing = `listing ${prefix}* in ${this.location}`;
    try {
      if (await this.#directories.seeRoot()) {
        yield* listFiles({ root, prefix, after, signal, namesInMemory });
        // A folder that went away in the middle of the walk would pass for an empty rest.
        await this.#directories.seeRoot();
      }
    } catch (error) {
      throw folderWriteError(error, doing, prefix);
    }
  }

  async remove(path: string, signal?: AbortSignal): Promise<void> {
    checkPath(path);
    signal?.throwIfAborted();
    const file = join(this.#directories.root, path);
    const doing = `removing ${path} in ${this.location}`;
    try {
      await unlink(file);
    } catch (error) {
      return await this.#absence(error, doing, path);
    }
    await this.#directories.prune(dirname(file));
  }

  async close(): Promise<void> {
    // No handle outlives the call that opened it.
  }

  async #open(path: string): Promise<FileHandle> {
    try {
      return await open(join(this.#directories.root, path), "r");
    } catch (error) {
      if (isErrno(error, "ENOENT", "ENOTDIR")) await this.#directories.seeRoot();
      throw error;
    }
  }

  /** Undefined when `error` says that there is nothing at `path`, in a folder that is still the same one. */
  async #absence(error: unknown, doing: string, path: string): Promise<undefined> {
    try {
      if (!isErrno(error, "ENOENT", "ENOTDIR", "EISDIR")) throw error;
      await this.#directories.seeRoot();
      return undefined;
    } catch (failure) {
      throw folderError(failure, doing, path);
    }
  }

  async #bounds(handle: FileHandle, path: string, range: ByteRange | undefined): Promise<ByteRange> {
    const found = await handle.stat();
    if (found.isDirectory()) {
      throw new HoldfastError("object-missing", `There is no object ${path} in ${this.location}.`, { path });
    }
    return checkRange(range, found.size, path, this.location);
  }

  async #fill(handle: FileHandle, path: string, offset: number, into: Buffer): Promise<void> {
    for (let filled = 0; filled < into.length;) {
      const { bytesRead } = await handle.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0)
        throw tooShort(path, this.location, { offset, length: into.length }, offset + filled);
      filled += bytesRead;
    }
  }
}

/** Passes a stream on and remembers whether a failure came out of it. */
class WatchedSource implements AsyncIterable<Buffer> {
  failed = false;
  readonly #source: AsyncIterable<Buffer>;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const iterator = this.#source[Symbol.asyncIterator]();
    let ended = false;
    try {
      for (;;) {
        const step = await iterator.next();
        if (step.done === true) {
          ended = true;
          return;
        }
        yield step.value;
      }
    } catch (error) {
      ended = true;
      this.failed = true;
      throw error;
    } finally {
      if (!ended) await iterator.return?.();
    }
  }
}
