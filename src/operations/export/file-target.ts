/**
 * Writing a file that is either whole or not there: under another name first, beside its place, and renamed when everything
 * has reached the disk.
 */
import { open, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { randomHex } from "../../model/clock.ts";
import { HoldfastError } from "../../model/errors.ts";

/** Customers' data in plain text: for the owner alone. */
const FILE_MODE = 0o600;
const NAME_BYTES = 6;

export class FileTarget implements AsyncDisposable {
  readonly #path: string;
  readonly #temporary: string | undefined;
  readonly #file: FileHandle;
  #finished = false;

  private constructor(path: string, temporary: string | undefined, file: FileHandle) {
    this.#path = path;
    this.#temporary = temporary;
    this.#file = file;
  }

  /** A file of this name is replaced when the new one is whole; a device or pipe is written as it is. Errors: `file-failed`. */
  static async create(path: string, mode = FILE_MODE): Promise<FileTarget> {
    return attempt(path, async () => {
      const there = await stat(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (there !== undefined && !there.isFile() && !there.isDirectory()) {
        return new FileTarget(path, undefined, await open(path, "w"));
      }
      if (there?.isDirectory() === true) {
        throw new HoldfastError("file-failed", `Could not write ${path}: it is a folder.`, { path });
      }
      const temporary = join(dirname(path), `.${basename(path)}.${randomHex(NAME_BYTES)}.part`);
      return new FileTarget(path, temporary, await open(temporary, "wx", mode));
    });
  }

  async write(piece: Buffer): Promise<void> {
    await attempt(this.#path, async () => {
      for (let at = 0; at < piece.length;) at += (await this.#file.write(piece, at)).bytesWritten;
    });
  }

  /** The file is there under its name when this returns. */
  async finish(): Promise<void> {
    await attempt(this.#path, async () => {
      if (this.#temporary !== undefined) await this.#file.sync();
      await this.#file.close();
      if (this.#temporary !== undefined) {
        await rename(this.#temporary, this.#path);
        await syncFolder(dirname(this.#path));
      }
    });
    this.#finished = true;
  }

  /** What was not finished leaves nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished) return;
    await this.#file.close().catch(() => {});
    if (this.#temporary !== undefined) await rm(this.#temporary, { force: true }).catch(() => {});
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function attempt<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reason =
      code === "ENOSPC"
        ? "the disk is full"
        : code === "EACCES" || code === "EPERM"
          ? "this user may not write there"
          : code === "ENOENT"
            ? "its folder does not exist"
            : message;
    throw new HoldfastError("file-failed", `Could not write ${path}: ${reason}.`, { path }, error);
  }
}
