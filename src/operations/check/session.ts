/**
 * What the parts of one check share: what was asked, what was seen so far, and where what was read back is written down.
 */
import type { Millis } from "../../model/clock.ts";
import { isHoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { CheckOptions } from "../../repository/check/check-task.ts";
import { coverageOf, type Coverage } from "../../repository/check/coverage.ts";
import type { CheckFinding } from "../../repository/check/finding.ts";
import type { NeededFile } from "../../repository/check/needed-files.ts";
import type { ReadHistory } from "../../repository/check/read-history.ts";
import type { StoredManifest } from "../../repository/task-store.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import type { Workspace } from "../workspace.ts";

export interface SessionOptions {
  /** Write down what was read back. */
  readonly remember: boolean;
  /** The time before now that coverage looks at. */
  readonly window: Millis;
}

export class CheckSession {
  readonly workspace: Workspace;
  readonly startedAt: Millis;
  readonly signal: AbortSignal;
  readonly totals = { tasks: 0, segments: 0, packs: 0, bytesRead: 0 };
  /** Of each task that has a timeline. */
  readonly coverage = new Map<TaskName, Coverage>();
  readonly #hooks: Hooks;
  readonly #options: SessionOptions;
  readonly #told = new Set<string>();
  /** Files that this check has read back. */
  readonly #read = new Set<string>();
  #warned = false;

  constructor(workspace: Workspace, hooks: Hooks, options: SessionOptions) {
    this.workspace = workspace;
    this.startedAt = workspace.clock.now();
    this.signal = signalOf(hooks);
    this.#hooks = hooks;
    this.#options = options;
  }

  /** The options of checking one task. `counts`: whether its files are counted; when read a second time they are not. */
  options(task: TaskName, readData: boolean, counts = true): CheckOptions {
    const { workspace, signal, totals } = this;
    return {
      readData,
      clock: workspace.clock,
      signal,
      cleanupAfter: ({ name, collection }) => cleanupAfterOf(workspace, name, collection),
      checked: (kind, bytes, path) => {
        if (bytes > 0) this.#read.add(path);
        if (counts && kind === "segment") totals.segments += 1;
        if (counts && kind === "pack") totals.packs += 1;
        totals.bytesRead += bytes;
        const done = totals.segments + totals.packs;
        this.#hooks.progress?.({ operation: "check", task, phase: "check", done, bytes: totals.bytesRead });
      },
    };
  }

  /** Whether this check has read the file back already. */
  hasRead({ path }: Pick<NeededFile, "path">): boolean {
    return this.#read.has(path);
  }

  /** Whether this was not told before: a file is looked at twice when a slice reads it. */
  isNew({ path, message }: CheckFinding): boolean {
    const text = `${path}\n${message}`;
    if (this.#told.has(text)) return false;
    this.#told.add(text);
    return true;
  }

  /**
   * Writes down what was read back of a task, and works its coverage out. A repository that may not be written is checked
   * all the same.
   */
  async remember(
    { manifest, digest }: StoredManifest,
    files: readonly NeededFile[],
    history: ReadHistory,
  ): Promise<void> {
    const { task, generation } = manifest;
    const covered = coverageOf(
      files.map(({ path, bytes }) => ({ bytes, read: history.lastRead(path) })),
      this.startedAt - this.#options.window,
    );
    if (covered !== undefined) this.coverage.set(task, covered);
    if (!this.#options.remember) return;
    try {
      const needed = new Set(files.map(({ path }) => path));
      const newest = { generation, digest };
      await history.remember(needed, newest, this.workspace.clock.now(), this.signal);
    } catch (error) {
      if (!isHoldfastError(error, "storage-permission", "storage-full")) throw error;
      if (!this.#warned)
        this.#hooks.warn?.(`What this check has read back could not be remembered: ${error.message}`);
      this.#warned = true;
    }
  }
}

/** Undefined where the configuration does not name the task's source any more. */
function cleanupAfterOf(workspace: Workspace, source: string, collection: string): Millis | null | undefined {
  if (!workspace.sources.some(({ name }) => name === source)) return undefined;
  return workspace.policyOf(source, collection).policy.cleanupAfter;
}
