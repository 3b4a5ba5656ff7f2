/**
 * Checking a task's undo records: every piece is there, opens, and its list of touched items is whole.
 */
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { CheckFinding } from "../../repository/check.ts";
import { restorePath, restoresOf, segmentPath } from "../../repository/paths.ts";
import type { Repository } from "../../repository/repository.ts";
import { verifySegment } from "../../repository/segment/segment-verify.ts";
import { readUndoPiece } from "./undo-record.ts";

/**
 * Yields what is wrong, and returns the paths of the segments that undo records name.
 * Errors: `storage-*`; damage is yielded, not thrown.
 */
export async function* checkUndoRecords(
  repository: Repository,
  task: TaskName,
  options: { readonly readData: boolean; readonly signal: AbortSignal },
): AsyncGenerator<CheckFinding, ReadonlySet<string>> {
  const segments = new Set<string>();
  const { signal } = options;
  let current = "";
  let expected = 1;
  for await (const { path } of repository.storage.list(restoresOf(task), { signal })) {
    const [restore = "", name = ""] = path.slice(restoresOf(task).length).split("/");
    if (restore !== current) expected = 1;
    current = restore;
    const ordinal = Number(name);
    for (; expected < ordinal; expected++) {
      const message = "A piece of an undo record is missing.";
      const place = found(task, restorePath(task, restore, expected), restore);
      yield { ...place, code: "object-missing", message };
    }
    expected = ordinal + 1;
    let checking = path;
    try {
      const { touched } = await readUndoPiece(repository, task, restore, ordinal);
      checking = segmentPath(task, touched.id);
      segments.add(checking);
      const { storage, keyring } = repository;
      for await (const finding of verifySegment(storage, keyring, task, touched, options, signal)) {
        yield { ...found(task, checking, restore), ...finding };
      }
    } catch (error) {
      if (!isHoldfastError(error, "object-damaged", "object-missing")) throw error;
      yield { ...found(task, checking, restore), code: error.code, message: error.message };
    }
  }
  return segments;
}

function found(task: TaskName, path: string, restore: string) {
  const items = [`what restore ${restore} touched: it cannot be taken back whole`];
  return { severity: "error", task, path, runs: [], instants: [], items } as const;
}
