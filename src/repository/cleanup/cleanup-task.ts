/**
 * Cleaning one task up: what rollups replaced a while ago, and files that nothing names. One commit says what is to be
 * deleted, the deletion follows, and the next commit takes it off the list, so that no writer, however long it slept, can
 * ever commit a file that is gone. Cut off anywhere, it is finished by being repeated.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import { DAY_MS } from "../../model/policy/policy.ts";
import type { TaskName } from "../../model/task.ts";
import { finishErasures } from "../erase/finish-erasures.ts";
import { oldestLeased, removeOldLeases } from "../leases.ts";
import type { CondemnedObject, RetiredEntry } from "../manifest.ts";
import type { Repository } from "../repository.ts";
import { amendManifest, readNewestManifest, type StoredManifest } from "../task-store.ts";
import { deleteCondemned, type Deletions } from "./delete-condemned.ts";
import { readOutsideNames, type OutsideNames } from "./outside-names.ts";
import { planCleanup, type CleanupEvidence, type CleanupPlan } from "./plan-cleanup.ts";
import { firstToStay, removeOldManifests } from "./prune-manifests.ts";
import { sweepTask, type SweepFindings } from "./sweep.ts";
import { tidyRuns } from "./tidy-runs.ts";

/** A task's folders are searched once in this time. */
const SWEEP_EVERY_MS = DAY_MS;
/** Idle packs are searched once in this time: that reads tables of every segment and pack with blobs. */
const PACK_SEARCH_EVERY_MS = 7 * DAY_MS;

export interface CleanupOptions {
  /** How long what a rollup replaced stays; null: for ever. */
  readonly cleanupAfter: Millis | null;
  readonly clock: Clock;
  /** Tell only. */
  readonly dryRun: boolean;
  /** Search the task's folders for files that nothing names even if that was done lately. */
  readonly sweep: boolean;
  readonly signal: AbortSignal;
  /** Called for each file that is deleted, or would be, and for each that waits. */
  readonly onFile?: (file: CleanedFile) => void;
}

export interface CleanedFile extends Pick<CondemnedObject, "path" | "bytes" | "why"> {
  readonly fate: "deleted" | "waits";
}

export interface CleanupOutcome {
  /** Instants that could be brought back until now. */
  readonly forgotten: readonly Millis[];
  /** Files deleted (or that would be), and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Files that are condemned and wait for their time or for a reader to finish. */
  readonly waiting: number;
  readonly refused: "frozen" | null;
  /** Whether the task's folders were searched for files that nothing names. */
  readonly swept: boolean;
  /** Undo records and checkpoints that do not read. Files that nothing seems to name are left alone then. */
  readonly unreadable: readonly string[];
  /** Small objects that nobody needs any more and that were removed; nothing is counted in a dry run. */
  readonly removed: {
    readonly manifests: number;
    readonly checkpoints: number;
    readonly leases: number;
    /** Run records that moved into the journal. */
    readonly records: number;
  };
}

const NO_NAMES: OutsideNames = { paths: new Set(), segments: [], unreadable: [] };
const NONE_REMOVED = { manifests: 0, checkpoints: 0, leases: 0, records: 0 };
const NOTHING: CleanupOutcome = {
  forgotten: [],
  files: 0,
  bytes: 0,
  waiting: 0,
  refused: null,
  swept: false,
  unreadable: [],
  removed: NONE_REMOVED,
};

/** Errors: `storage-*`, `task-busy`, `object-missing` when a listing lacks a file that the timeline needs: nothing is deleted then. */
export async function cleanupTask(
  repository: Repository,
  task: TaskName,
  options: CleanupOptions,
): Promise<CleanupOutcome> {
  let newest = await readNewestManifest(repository, task, options.signal);
  if (newest === undefined) return NOTHING;
  if (newest.manifest.erasing.length > 0 && !options.dryRun) {
    await finishErasures(repository, task, options);
    newest = (await readNewestManifest(repository, task, options.signal)) ?? newest;
  }
  if (newest.manifest.freeze !== null) return { ...NOTHING, refused: "frozen" };
  return new TaskCleanup(repository, task, options, newest).execute();
}

class TaskCleanup {
  readonly #repository: Repository;
  readonly #task: TaskName;
  readonly #options: CleanupOptions;
  readonly #now: Millis;
  readonly #newest: StoredManifest;

  constructor(repository: Repository, task: TaskName, options: CleanupOptions, newest: StoredManifest) {
    this.#repository = repository;
    this.#task = task;
    this.#options = options;
    this.#now = options.clock.now();
    this.#newest = newest;
  }

  async execute(): Promise<CleanupOutcome> {
    const { dryRun } = this.#options;
    const names = this.#isDue() ? await this.#readNames(this.#newest) : NO_NAMES;
    const sweep = await this.#sweep(names);
    const before = await this.#delete(this.#newest);
    const evidence = await this.#evidence(names, sweep, before);
    let plan = planCleanup(this.#newest.manifest, evidence);
    let stored = this.#newest;
    if (dryRun) stored = { ...stored, manifest: { ...stored.manifest, ...plan.next } };
    else if (plan.changed) {
      const committed = await this.#commit(evidence);
      if (committed === undefined) return { ...NOTHING, refused: "frozen" };
      ({ plan, stored } = committed);
    }
    const after = await this.#delete(stored, before);
    const deleted = [...before.deleted, ...after.deleted];
    const removed = dryRun ? NONE_REMOVED : await this.#tidy(stored);
    const gone = new Set([...before.gone, ...deleted.map(({ path }) => path), ...after.gone]);
    const waiting = stored.manifest.condemned.filter(({ path }) => !gone.has(path));
    this.#tell(deleted, "deleted");
    this.#tell(waiting, "waits");
    return {
      forgotten: plan.forgotten,
      files: deleted.length,
      bytes: deleted.reduce((sum, { bytes }) => sum + bytes, 0),
      waiting: waiting.length,
      refused: null,
      swept: sweep !== null,
      unreadable: names.unreadable,
      removed,
    };
  }

  async #readNames(newest: StoredManifest): Promise<OutsideNames> {
    return readOutsideNames(this.#repository, this.#task, newest, this.#options.signal);
  }

  #isSweepDue(): boolean {
    const { sweptAt } = this.#newest.manifest;
    // A sweep that a clock ahead of this one has entered does not count.
    const due = sweptAt === null || sweptAt > this.#now || sweptAt + SWEEP_EVERY_MS <= this.#now;
    return due || this.#options.sweep;
  }

  /** Whether anything may be condemned. */
  #isDue(): boolean {
    const { cleanupAfter } = this.#options;
    const isDue = ({ retiredAt }: RetiredEntry): boolean =>
      cleanupAfter !== null && retiredAt + cleanupAfter <= this.#now;
    return this.#isSweepDue() || this.#newest.manifest.retired.some(isDue);
  }

  /** Null when it is not due, or when there are names that cannot be read. */
  async #sweep(names: OutsideNames): Promise<SweepFindings | null> {
    if (names.unreadable.length > 0 || !this.#isSweepDue()) return null;
    const { sweptAt } = this.#newest.manifest;
    const packs = this.#options.sweep || sweptAt === null || packPeriod(sweptAt) !== packPeriod(this.#now);
    return sweepTask(this.#repository, this.#task, this.#newest, packs, this.#options.signal);
  }

  async #evidence(
    names: OutsideNames,
    sweep: SweepFindings | null,
    { gone }: Deletions,
  ): Promise<CleanupEvidence> {
    const now = this.#now;
    const { signal, cleanupAfter } = this.#options;
    const found = { now, cleanupAfter, named: names.paths, gone, sweep };
    const { chainFrom } = this.#newest.manifest;
    if (sweep === null) return { ...found, oldestLease: undefined, chainFrom };
    const oldestLease = await oldestLeased(this.#repository, this.#task, now, signal);
    const leases = { now, oldestLease };
    const stays = await firstToStay(this.#repository, this.#task, this.#newest, leases, signal);
    return { ...found, oldestLease, chainFrom: stays };
  }

  /** Undefined when an anomaly froze the timeline meanwhile. */
  async #commit(
    evidence: CleanupEvidence,
  ): Promise<{ readonly stored: StoredManifest; readonly plan: CleanupPlan } | undefined> {
    const decide = ({ manifest }: StoredManifest): CleanupPlan | undefined =>
      manifest.freeze === null ? planCleanup(manifest, evidence) : undefined;
    let plan: CleanupPlan | undefined;
    const stored = await amendManifest(
      this.#repository,
      this.#task,
      (current) => {
        plan = decide(current);
        return plan?.changed === true ? { ...current.manifest, ...plan.next, written: this.#now } : undefined;
      },
      this.#options.signal,
    );
    return plan && { stored, plan };
  }

  /** What is marked in a committed manifest; leases and names are looked for after its commit. `done`: not once more. */
  async #delete(stored: StoredManifest, done?: Deletions): Promise<Deletions> {
    const { signal, dryRun } = this.#options;
    const already = new Set([...(done?.gone ?? []), ...(done?.deleted.map(({ path }) => path) ?? [])]);
    const files = stored.manifest.condemned.filter(({ path, deleting }) => deleting && !already.has(path));
    if (files.length === 0) return { deleted: [], gone: new Set() };
    const oldestLease = await oldestLeased(this.#repository, this.#task, this.#now, signal);
    const rules = { oldestLease, named: (await this.#readNames(stored)).paths, dryRun };
    return deleteCondemned(this.#repository.storage, this.#task, files, rules, signal);
  }

  async #tidy(stored: StoredManifest): Promise<CleanupOutcome["removed"]> {
    const { signal } = this.#options;
    const runs = await tidyRuns(this.#repository, this.#task, stored, this.#now, signal);
    const leases = await removeOldLeases(this.#repository, this.#task, this.#now, signal);
    const manifests = await removeOldManifests(this.#repository, this.#task, stored, signal);
    return { manifests, leases, checkpoints: runs.checkpoints, records: runs.journaled };
  }

  #tell(files: readonly CondemnedObject[], fate: CleanedFile["fate"]): void {
    for (const { path, bytes, why } of files) this.#options.onFile?.({ path, bytes, why, fate });
  }
}

/** Idle packs are searched by the first sweep of each period. */
function packPeriod(at: Millis): number {
  return Math.floor(at / PACK_SEARCH_EVERY_MS);
}
