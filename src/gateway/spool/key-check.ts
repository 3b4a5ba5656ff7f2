/**
 * A small sealed file that tells whether a key is the one that the folder's entries were sealed with: a wrong key is an error at the
 * start, not a folder full of damaged entries.
 */
import { open, readdir, rename, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { HoldfastError } from "../../model/errors.ts";
import { ACCEPTED, PART } from "./names.ts";
import { BLOCK, BlockSealer, readBlocks } from "./sealed-file.ts";

const CHECK = "check.sealed";
const FILE_MODE = 0o600;

/** A folder in which nothing waits takes any key. Errors: `wrong-key`. */
export async function checkKey(folder: string, key: Buffer): Promise<void> {
  if (await isKeyOf(folder, key)) return;
  const names = await readdir(folder);
  if (names.some((name) => name.endsWith(ACCEPTED) || name.endsWith(PART))) {
    throw new HoldfastError(
      "wrong-key",
      `The spool ${folder} was written with another key. Give it the key it was made with, or another folder.`,
      { path: folder },
    );
  }
  await writeCheck(folder, key);
}

/** Replaces the check by a rename, so that a crash leaves the old or the new one. */
export async function writeCheck(folder: string, key: Buffer): Promise<void> {
  const path = join(folder, CHECK);
  const sealer = new BlockSealer(key);
  const bytes = Buffer.concat([sealer.head, ...sealer.seal(BLOCK.request, [Buffer.from("{}")])]);
  await writeFile(`${path}.new`, bytes, { mode: FILE_MODE, flush: true });
  await rename(`${path}.new`, path);
}

async function isKeyOf(folder: string, key: Buffer): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(join(folder, CHECK), "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  try {
    const first = await readBlocks(file, key).next();
    return first.done !== true;
  } finally {
    await file.close();
  }
}
