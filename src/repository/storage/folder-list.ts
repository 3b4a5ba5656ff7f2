/**
 * Listing a folder in byte order of the whole path, with bounded memory however many files a directory holds.
 *
 * Inside one directory a file sorts by its name and a directory by its name with the `/` that follows it in every path
 * below it: `a-b`, `a.b`, `a/x`, `a0` is the order of paths though `a` is the shortest name.
 */
import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "./folder-errors.ts";
import { TEMPORARY_FOLDER } from "./paths.ts";
import type { ObjectStat } from "./storage.ts";

/** Names held at once while a directory is sorted; larger directories are read again for each further part. */
export const NAMES_IN_MEMORY = 65_536;
/** Sizes asked for at once. */
const STAT_BATCH = 32;

/** In the root: ours, and what `mkfs` leaves in every file system it makes. */
const HIDDEN_IN_ROOT = new Set([`${TEMPORARY_FOLDER}/`, "lost+found/"]);

export interface FolderListing {
  readonly root: string;
  readonly prefix: string;
  readonly after: string;
  readonly signal: AbortSignal | undefined;
  readonly namesInMemory: number;
}

/** Files below the root whose path starts with the prefix and comes after `after`. */
export async function* listFiles(listing: FolderListing): AsyncGenerator<ObjectStat> {
  const slash = listing.prefix.lastIndexOf("/");
  yield* walk(listing, listing.prefix.slice(0, slash + 1));
}

/** `directory`: empty for the root, else a path that ends with `/`. */
async function* walk(listing: FolderListing, directory: string): AsyncGenerator<ObjectStat> {
  let last = "";
  for (;;) {
    listing.signal?.throwIfAborted();
    const names = await smallestNames(listing, directory, last);
    for (let start = 0; start < names.length; start += STAT_BATCH) {
      listing.signal?.throwIfAborted();
      const batch = names.slice(start, start + STAT_BATCH).map((name) => directory + name);
      const sizes = await Promise.all(batch.map((path) => sizeOf(join(listing.root, path))));
      for (const [index, path] of batch.entries()) {
        const size = sizes[index];
        if (path.endsWith("/")) yield* walk(listing, path);
        else if (size !== undefined) yield { path, size };
      }
    }
    if (names.length < listing.namesInMemory) return;
    last = names.at(-1) as string;
  }
}

/** The first names of a directory after `last`, in order; directories with their `/`. */
async function smallestNames(listing: FolderListing, directory: string, last: string): Promise<string[]> {
  const names: string[] = [];
  const keepSmallest = (): void => {
    names.sort(byteOrder);
    names.length = Math.min(names.length, listing.namesInMemory);
  };
  try {
    for await (const entry of await opendir(join(listing.root, directory))) {
      const name = entry.isDirectory() ? `${entry.name}/` : entry.name;
      if (name <= last || (directory === "" && HIDDEN_IN_ROOT.has(name))) continue;
      if (!mayHold(listing, directory + name)) continue;
      names.push(name);
      if (names.length === 2 * listing.namesInMemory) keepSmallest();
    }
  } catch (error) {
    // Nothing was ever made there, or its last object was removed while the walk was elsewhere.
    if (!isErrno(error, "ENOENT", "ENOTDIR")) throw error;
  }
  keepSmallest();
  return names;
}

/** Whether a file, or something below a directory, can belong to the listing. */
function mayHold({ prefix, after }: FolderListing, path: string): boolean {
  if (!path.endsWith("/")) return path.startsWith(prefix) && path > after;
  return (path.startsWith(prefix) || prefix.startsWith(path)) && (path > after || after.startsWith(path));
}

/** Paths are ASCII, where JavaScript's order is byte order. */
function byteOrder(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Undefined for directories and for what was removed since its name was read. */
async function sizeOf(file: string): Promise<number | undefined> {
  if (file.endsWith("/")) return undefined;
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined;
    throw error;
  }
}
