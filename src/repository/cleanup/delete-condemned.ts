/**
 * Deleting condemned files, after the manifest that says so was committed.
 */
import { HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { CondemnedObject } from "../manifest.ts";
import type { Storage } from "../storage/storage.ts";
import { isOwnFile } from "./own-files.ts";

/** Files deleted at a time. */
const DELETIONS_AT_ONCE = 8;

export interface DeletionRules {
  /** The oldest generation that somebody works from: what it may need stays. */
  readonly oldestLease: number | undefined;
  /** Paths that others than the manifest have named since: they stay. */
  readonly named: ReadonlySet<string>;
  /** Tell only. */
  readonly dryRun: boolean;
}

export interface Deletions {
  /** Deleted, or would be. */
  readonly deleted: readonly CondemnedObject[];
  /** There is no such file any more: just deleted, or by a cleanup that was cut off. */
  readonly gone: ReadonlySet<string>;
}

/** Deletes those of `files` that it may, and looks whether they are gone. Errors: `storage-*`. */
export async function deleteCondemned(
  storage: Storage,
  task: TaskName,
  files: readonly CondemnedObject[],
  rules: DeletionRules,
  signal: AbortSignal,
): Promise<Deletions> {
  const strange = files.find(({ path }) => !isOwnFile(task, path));
  if (strange !== undefined) {
    const message = `The manifest of ${task} wants ${strange.path} deleted, which is no segment or pack of that task: nothing was deleted.`;
    throw new HoldfastError("internal", message, { task, path: strange.path });
  }
  const deleted: CondemnedObject[] = [];
  const gone = new Set<string>();
  const deleteOne = async (file: CondemnedObject): Promise<void> => {
    const { path } = file;
    if ((await storage.stat(path, signal)) === undefined) {
      gone.add(path);
      return;
    }
    if (isProtected(file, rules)) return;
    if (!rules.dryRun) {
      await storage.remove(path, signal);
      if ((await storage.stat(path, signal)) !== undefined) return;
      gone.add(path);
    }
    deleted.push(file);
  };
  for (let start = 0; start < files.length; start += DELETIONS_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(files.slice(start, start + DELETIONS_AT_ONCE).map(deleteOne));
  }
  return { deleted, gone };
}

function isProtected({ path, generation }: CondemnedObject, { oldestLease, named }: DeletionRules): boolean {
  return named.has(path) || (oldestLease !== undefined && generation > oldestLease);
}
