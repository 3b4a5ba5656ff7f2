/**
 * Making a file of the repository so that it is there whole or not at all, exactly once, whoever races or crashes.
 *
 * The bytes go to a file in `tmp/`, are synced, and get their name by `link`, which fails when the name is taken.
 * `rename` would replace, and `open(O_EXCL)` on the name itself would show a part of the object to readers and, after
 * a crash, for ever.
 *
 * File systems without hard links (FAT, exFAT, some network shares) take turns instead: who makes the claim file of
 * the path with `O_EXCL` may look whether the name is free and rename to it. A writer that dies inside these two steps
 * leaves its claim behind; creating that path is then refused until `removeLeftovers` finds the claim old enough. It
 * is never taken over: of two who take over one claim, one might replace what the other has just made.
 */
import { link, open, rename, stat, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HoldfastError } from "../../model/errors.ts";
import { abortable } from "./abortable.ts";
import type { FolderDirectories } from "./folder-directories.ts";
import { isErrno } from "./folder-errors.ts";
import type { CreateOutcome } from "./storage.ts";
import { claimNameOf, newTemporaryName } from "./folder-temporary.ts";

/** How often a directory may be pruned between its making and the use of it before that is no coincidence. */
const DIRECTORY_ATTEMPTS = 100;
/** How systems say that a file system has no hard links. */
const NO_LINKS = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"];
/** Pause between two looks at another writer's claim, ms; its holder needs two file system calls. */
const CLAIM_POLL_MS = 5;
/** How long a claim may stay before its holder counts as dead, ms: far above the slowest network share. */
const CLAIM_PATIENCE_MS = 3_000;

export async function createFile(
  directories: FolderDirectories,
  path: string,
  content: Buffer | AsyncIterable<Buffer>,
  hardLinks: boolean,
  signal?: AbortSignal,
): Promise<CreateOutcome> {
  signal?.throwIfAborted();
  await directories.makeRoot();
  const temporary = join(directories.temporary, newTemporaryName());
  const final = join(directories.root, path);
  try {
    await writeWhole(temporary, content, directories.fileMode, signal);
    const outcome = await giveName(directories, temporary, final, hardLinks, signal);
    // Also when it exists: its maker may not have got as far as this, and our caller will rely on it. When this one
    // step fails the object stays though an error is reported: others may build on it already.
    await directories.sync(dirname(final));
    return outcome;
  } finally {
    await dropTemporary(temporary);
  }
}

async function writeWhole(
  temporary: string,
  content: Buffer | AsyncIterable<Buffer>,
  mode: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using handle = await open(temporary, "wx", mode);
  if (Buffer.isBuffer(content)) await handle.writeFile(content);
  else for await (const piece of abortable(content, signal)) await handle.writeFile(piece);
  await handle.sync();
}

async function giveName(
  directories: FolderDirectories,
  temporary: string,
  final: string,
  hardLinks: boolean,
  signal: AbortSignal | undefined,
): Promise<CreateOutcome> {
  for (let attempt = 1; ; attempt++) {
    try {
      signal?.throwIfAborted();
      await directories.make(dirname(final));
      if (hardLinks) return await linkName(temporary, final);
      return await claimName(directories, temporary, final, signal);
    } catch (error) {
      if (hardLinks && isErrno(error, ...NO_LINKS)) {
        return await giveName(directories, temporary, final, false, signal);
      }
      // A remover pruned the empty directory between our making it and using it.
      if (!isErrno(error, "ENOENT") || attempt === DIRECTORY_ATTEMPTS) throw error;
    }
  }
}

async function linkName(temporary: string, final: string): Promise<CreateOutcome> {
  try {
    await link(temporary, final);
    return "created";
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    const there = await statOf(final);
    if (there?.isDirectory() === true) throw error;
    // A network share that repeats a call whose answer was lost reports our own success as a collision.
    return there !== undefined && there.ino === (await statOf(temporary))?.ino ? "created" : "exists";
  }
}

async function claimName(
  directories: FolderDirectories,
  temporary: string,
  final: string,
  signal: AbortSignal | undefined,
): Promise<CreateOutcome> {
  const claim = join(directories.temporary, claimNameOf(final));
  for (let waitedMs = 0; ; waitedMs += CLAIM_POLL_MS) {
    if ((await statOf(final))?.isFile() === true) return "exists";
    try {
      await (await open(claim, "wx")).close();
      break;
    } catch (error) {
      if (!isErrno(error, "EEXIST")) throw error;
      if (waitedMs >= CLAIM_PATIENCE_MS) throw abandonedClaim(claim, final);
      await sleep(CLAIM_POLL_MS);
      signal?.throwIfAborted();
    }
  }
  try {
    if ((await statOf(final))?.isFile() === true) return "exists";
    await rename(temporary, final);
    return "created";
  } finally {
    await unlink(claim);
  }
}

function abandonedClaim(claim: string, final: string): HoldfastError {
  return new HoldfastError(
    "storage-failed",
    `Failed creating ${final}: another writer holds the claim ${claim}, or died holding it; remove that file when no Holdfast is running.`,
    { path: final },
  );
}

async function statOf(file: string) {
  try {
    return await stat(file, { bigint: true });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** Best effort: what stays is invisible and goes with the leftovers. */
async function dropTemporary(temporary: string): Promise<void> {
  try {
    await unlink(temporary);
  } catch {
    // Renamed by `claimName`, never made, or a file system that fails right now.
  }
}
