/**
 * Reading back a part of the repository: what was read longest ago first, over all tasks together, until the time is up or
 * enough was read.
 *
 * Of each task only the time of its oldest read is in memory; the files are those of one task at a time.
 */
import type { Millis } from "../../model/clock.ts";
import type { TaskName } from "../../model/task.ts";
import { checkAndNote } from "../../repository/check/check-task.ts";
import type { CheckFinding } from "../../repository/check/finding.ts";
import { neededFiles, type NeededFile } from "../../repository/check/needed-files.ts";
import { ReadHistory } from "../../repository/check/read-history.ts";
import { checkUndoRecords } from "../../repository/check/undo.ts";
import { readNewestManifest } from "../../repository/task-store.ts";
import { isHoldfastError } from "../../model/errors.ts";
import type { CheckSession } from "./session.ts";

export interface CheckSlice {
  /** Ends when the check has taken this long, ms. */
  readonly forMs?: Millis;
  /** Ends when this share of all bytes was read, 0 to 1. */
  readonly share?: number;
}

/** What was read is written down this often: a check that is stopped loses no more than this. */
const REMEMBER_EVERY_MS = 5 * 60_000;
/** Stands for "never" where times of reads are compared. */
const NEVER: Millis = -Infinity;

interface Waiting {
  readonly task: TaskName;
  /** When the task's file that was read longest ago was read. */
  readonly oldest: Millis;
}

/** Reads at least one file that this check has not read yet. Errors: `storage-*`; damage is yielded. */
export async function* readSlice(session: CheckSession, slice: CheckSlice): AsyncGenerator<CheckFinding> {
  const budget = budgetOf(session, slice);
  let waiting = [...session.coverage].map(([task, { oldest }]): Waiting => ({
    task,
    oldest: oldest ?? NEVER,
  }));
  while (waiting.length > 0 && !budget()) {
    const first = waiting.reduce((best, next) => (next.oldest < best.oldest ? next : best));
    waiting = waiting.filter((other) => other !== first);
    const limit = Math.min(...waiting.map(({ oldest }) => oldest), Infinity);
    const oldest = yield* readTask(session, first.task, limit, budget);
    if (oldest !== undefined) waiting.push({ task: first.task, oldest });
  }
}

/**
 * Reads the task's files that were read longest ago, up to those read after `limit`, which is another task's turn. Returns
 * the time of the next one; undefined when there is none.
 */
async function* readTask(
  session: CheckSession,
  task: TaskName,
  limit: Millis,
  spent: () => boolean,
): AsyncGenerator<CheckFinding, Millis | undefined> {
  const { workspace, signal } = session;
  const { repository, clock } = workspace;
  const opened = await filesOf(session, task);
  if (opened === undefined) return undefined;
  const { stored, files, history } = opened;
  const lastRead = ({ path }: NeededFile): Millis => history.lastRead(path)?.at ?? NEVER;
  const due = files
    .filter((file) => !session.hasRead(file))
    .sort((a, b) => lastRead(a) - lastRead(b) || (a.path < b.path ? -1 : 1));
  let remembered = clock.now();
  let next: Millis | undefined;
  for (const file of due) {
    if (lastRead(file) > limit || spent()) {
      next = lastRead(file);
      break;
    }
    const findings = checkAndNote(
      repository,
      stored.manifest,
      file,
      history,
      session.options(task, true, false),
    );
    for await (const finding of findings) if (session.isNew(finding)) yield finding;
    if (clock.now() - remembered >= REMEMBER_EVERY_MS) {
      await session.remember(stored, files, history);
      remembered = clock.now();
    }
    signal.throwIfAborted();
  }
  await session.remember(stored, files, history);
  return next;
}

/** Undefined for a task whose newest manifest does not read any more. */
async function filesOf({ workspace: { repository }, signal }: CheckSession, task: TaskName) {
  try {
    const stored = await readNewestManifest(repository, task, signal);
    if (stored === undefined) return undefined;
    const history = await ReadHistory.recall(repository, task, signal);
    const undo = checkUndoRecords(repository, task, signal);
    let step = await undo.next();
    // What is wrong with undo records was told with the structure.
    while (step.done !== true) step = await undo.next();
    const files = [...neededFiles(stored.manifest), ...step.value];
    return { stored, files, history };
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing", "chain-broken")) return undefined;
    throw error;
  }
}

/** Whether the slice is at its end; never before a file was read. */
function budgetOf(session: CheckSession, { forMs = Infinity, share = 1 }: CheckSlice): () => boolean {
  const { totals, startedAt, workspace, coverage } = session;
  const before = totals.bytesRead;
  const all = [...coverage.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  return () => {
    const read = totals.bytesRead - before;
    return read > 0 && (read >= all * share || workspace.clock.now() - startedAt >= forMs);
  };
}
