/**
 * What crashed writers left in `tmp/`: unfinished files, which no reader ever sees, and claims (see
 * `folder-create.ts`). A file of any other name is not ours and stays.
 */
import { opendir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../model/clock.ts";
import { folderError, isErrno } from "./folder-errors.ts";
import { isTemporaryName } from "./folder-temporary.ts";
import { TEMPORARY_FOLDER } from "./paths.ts";

/** Age from which a temporary file counts as left over, ms: no single object takes a day to write. */
const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Removes temporary files that nobody has written to for a day. To be called when a repository in a folder is opened
 * for writing. Answers how many there were. Errors: `storage-*`; what another remover took first is no error.
 */
export async function removeLeftovers(folder: string, clock: Clock, signal?: AbortSignal): Promise<number> {
  const temporary = join(folder, TEMPORARY_FOLDER);
  const oldest = clock.now() - LEFTOVER_AGE_MS;
  let removed = 0;
  try {
    for await (const entry of await opendir(temporary)) {
      signal?.throwIfAborted();
      if (isTemporaryName(entry.name) && (await removeOlder(join(temporary, entry.name), oldest)))
        removed += 1;
    }
  } catch (error) {
    if (!isErrno(error, "ENOENT")) {
      throw folderError(error, `removing leftovers in folder ${temporary}`, temporary);
    }
  }
  return removed;
}

async function removeOlder(file: string, oldest: number): Promise<boolean> {
  try {
    if ((await stat(file)).mtimeMs >= oldest) return false;
    await unlink(file);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}
