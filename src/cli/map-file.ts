/**
 * The file of `restore --map-file`: which id of the target stands for which kept one, for whoever configures applications anew.
 */
import { writeFile } from "node:fs/promises";
import { HoldfastError } from "../model/errors.ts";
import type { RestoreReport } from "../operations/reports.ts";

/** Errors: `file-failed`: the restore is done all the same, and its report has the ids too. */
export async function writeMapFile(path: string, { ids = [] }: RestoreReport): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(ids, undefined, 2)}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HoldfastError(
      "file-failed",
      `The restore is done, but ${path} could not be written (${code}). Repeat it: what is there already is left as it is.`,
      { path },
      error,
    );
  }
}
