/**
 * One gateway at a time uses a spool folder: a second one would take the first one's uploads for left-overs.
 */
import { readFile, unlink, writeFile } from "node:fs/promises";
import { HoldfastError } from "../../model/errors.ts";

const FILE_MODE = 0o600;

/** Resolves with what gives the lock back. Errors: `task-busy` when a living process holds it. */
export async function lockFolder(path: string): Promise<() => Promise<void>> {
  try {
    await take(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = Number((await readFile(path, "utf8")).trim());
    // The number of this very process is one from before a restart: containers count from 1 each time.
    if (Number.isInteger(holder) && holder > 0 && holder !== process.pid && isAlive(holder)) {
      throw new HoldfastError(
        "task-busy",
        `The spool is in use by process ${holder}. Give each gateway a folder of its own; if that process is no gateway, remove ${path}.`,
        { path },
      );
    }
    await unlink(path);
    await take(path);
  }
  return async () => unlink(path).catch(() => {});
}

async function take(path: string): Promise<void> {
  await writeFile(path, `${process.pid}\n`, { flag: "wx", mode: FILE_MODE });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
