/**
 * Checking a task's undo records: every piece is there and opens. The segments that they name are files like others.
 */
import type { TaskName } from "../../model/task.ts";
import { restorePath } from "../paths.ts";
import type { Repository } from "../repository.ts";
import { listUndoPieces, readUndoPiece } from "../undo-pieces.ts";
import { blank, damageFinding, type CheckFinding } from "./finding.ts";
import { undoSegment, type NeededSegment } from "./needed-files.ts";

/** Yields what is wrong, and returns the segments that undo records name. Errors: `storage-*`; damage is yielded. */
export async function* checkUndoRecords(
  repository: Repository,
  task: TaskName,
  signal: AbortSignal,
): AsyncGenerator<CheckFinding, NeededSegment[]> {
  const segments: NeededSegment[] = [];
  let current = "";
  let expected = 1;
  for await (const { path, restore, ordinal } of listUndoPieces(repository, task, signal)) {
    const items = [`what restore ${restore} touched: it cannot be taken back whole`];
    if (restore !== current) expected = 1;
    current = restore;
    for (; expected < ordinal; expected++) {
      const place = blank(task, restorePath(task, restore, expected));
      const message = "A piece of an undo record is missing.";
      yield { ...place, severity: "error", code: "object-missing", message, items };
    }
    expected = ordinal + 1;
    try {
      const { touched } = await readUndoPiece(repository, task, restore, ordinal);
      segments.push(undoSegment(task, touched, restore));
    } catch (error) {
      yield { ...damageFinding(task, path, error), items };
    }
  }
  return segments;
}
