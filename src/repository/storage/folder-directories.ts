/**
 * The directories of a repository in a folder: made on demand, durable before an object in them is reported as
 * created, and recognised when somebody swaps the folder (an unmounted disk leaves an empty directory behind).
 */
import { mkdir, open, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import { TEMPORARY_FOLDER } from "./paths.ts";
import { isErrno } from "./folder-errors.ts";

/** Access for the owner alone, unless the repository's folder itself lets its group in. */
const OWNER_ONLY = 0o700;
const OWNER_AND_GROUP = 0o770;
const FILE_BITS = 0o666;

/** Answers of file systems that have no such thing as syncing a directory. */
const NO_DIRECTORY_SYNC = ["EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];

export class FolderDirectories {
  readonly root: string;
  readonly temporary: string;
  /** Inode of the root when it was first seen. Not the device: a network mount gets another one when it comes back. */
  #rootInode: bigint | undefined;
  #mode = OWNER_ONLY;
  /** Directory → the incarnation of it whose whole chain up to the root was synced. */
  readonly #durable = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
    this.temporary = join(root, TEMPORARY_FOLDER);
  }

  get fileMode(): number {
    return this.#mode & FILE_BITS;
  }

  /**
   * Whether the root exists. Throws `storage-failed` when it is not the directory it was before: everything in it
   * would look absent, and what is absent may get written again or cleaned up.
   */
  async seeRoot(): Promise<boolean> {
    let inode: bigint | undefined;
    try {
      const found = await stat(this.root, { bigint: true });
      inode = found.ino;
      this.#mode = OWNER_ONLY | (Number(found.mode) & OWNER_AND_GROUP);
    } catch (error) {
      if (!isErrno(error, "ENOENT")) throw error;
    }
    this.#rootInode ??= inode;
    if (inode !== this.#rootInode) {
      throw new HoldfastError(
        "storage-failed",
        `The folder ${this.root} is not the one that was opened: it was removed, replaced or unmounted meanwhile.`,
        { path: this.root },
      );
    }
    return inode !== undefined;
  }

  /** Makes the root and the folder for temporary files. */
  async makeRoot(): Promise<void> {
    if (!(await this.seeRoot())) {
      const first = await mkdir(this.root, { recursive: true, mode: OWNER_ONLY });
      if (first !== undefined) await this.#syncUpTo(dirname(this.root), dirname(first));
      await this.seeRoot();
    }
    await mkdir(this.temporary, { recursive: true, mode: this.#mode });
  }

  /** Makes a directory below the root, with its parents. */
  async make(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true, mode: this.#mode });
  }

  /**
   * Makes the names in `directory` durable, and the directory's own name, and so on up to the root. The chain is
   * synced once for each incarnation of a directory: it cannot vanish and come back while an object lies in it.
   */
  async sync(directory: string): Promise<void> {
    const incarnation = await syncDirectory(directory);
    if (this.#durable.get(directory) === incarnation) return;
    if (directory !== this.root) await this.#syncUpTo(dirname(directory), this.root);
    this.#durable.set(directory, incarnation);
  }

  /** Removes `directory` and its parents as long as they are empty. Best effort: an empty directory does no harm. */
  async prune(directory: string): Promise<void> {
    for (let at = directory; at !== this.root; at = dirname(at)) {
      try {
        await rmdir(at);
      } catch {
        return;
      }
      this.#durable.delete(at);
    }
  }

  async #syncUpTo(directory: string, last: string): Promise<void> {
    for (let at = directory; ; at = dirname(at)) {
      await syncDirectory(at);
      if (at === last) return;
    }
  }
}

/** Syncs a directory where the file system can; answers which incarnation of it that was. */
async function syncDirectory(directory: string): Promise<string> {
  // Windows cannot open directories; NTFS keeps the names in its own journal.
  if (process.platform === "win32") return "";
  await using handle = await open(directory, "r");
  const { ino, birthtimeNs } = await handle.stat({ bigint: true });
  try {
    await handle.sync();
  } catch (error) {
    if (!isErrno(error, ...NO_DIRECTORY_SYNC)) throw error;
  }
  return `${ino}:${birthtimeNs}`;
}
