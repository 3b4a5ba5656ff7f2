/**
 * One run of one task: capture what changed, write it, commit it.
 */
import type { Millis } from "../../model/clock.ts";
import { errorText, HoldfastError } from "../../model/errors.ts";
import type { TaskName } from "../../model/task.ts";
import type { DeltaLevel } from "../../model/level.ts";
import { levelOfRuns, type Policy } from "../../model/policy/policy.ts";
import { newestEntry, segmentsNewestFirst, type ManifestSource } from "../../repository/manifest.ts";
import { newTimedId } from "../../repository/ids.ts";
import { entryId } from "../../repository/open-runs.ts";
import { writeRunRecord, type Checkpoint, type RunRecord } from "../../repository/run-records.ts";
import { RunWriter, type RunOutput } from "../../repository/run-writer.ts";
import { StateIndex } from "../../repository/state-index.ts";
import { readNewestManifest, type StoredManifest } from "../../repository/task-store.ts";
import type { CaptureEvent, CaptureRequest, SourceContext } from "../../sources/source.ts";
import { signalOf, type Hooks } from "../hooks.ts";
import { leaseNewest } from "../leased.ts";
import { freezeRows } from "../marks.ts";
import type { RunReport } from "../reports.ts";
import type { SourceSettings } from "../connections.ts";
import type { Workspace } from "../workspace.ts";
import { captureEngine } from "./capture-engine.ts";
import { commitRun } from "./commit-run.ts";
import { findInterrupted } from "./interrupted.ts";
import { runReport } from "./run-report.ts";

/** A whole comparison with the source every so many runs (specs/cloudant-couchdb A3.2.7). */
const RECONCILE_EVERY_RUNS = 7;
/** Other writers may be faster this often before the run gives up. */
const COMMIT_ATTEMPTS = 3;

export interface TaskRequest {
  readonly settings: SourceSettings;
  readonly collection: string;
  /** Compare the source as a whole even if it is not due. */
  readonly reconcile: boolean;
  /** The run keeps what a restore in place is about to overwrite. */
  readonly beforeRestore?: boolean;
  /** Commits captures: this is asked instead of the source, which is not reached at all. */
  readonly captures?: (request: CaptureRequest, context: SourceContext) => AsyncIterable<CaptureEvent>;
  /** Of a delta; default: what the policy says. */
  readonly level?: DeltaLevel;
}

/** Runs the task once. Never throws for what goes wrong with the run: the report says it. */
export async function runTask(workspace: Workspace, request: TaskRequest, hooks: Hooks): Promise<RunReport> {
  const { settings, collection } = request;
  const task = workspace.repository.keyring.taskName(settings.name, settings.options.kind, collection);
  for (let attempt = 1; ; attempt++) {
    const attemptRun = new TaskRun(workspace, request, task, hooks);
    const report = await attemptRun.execute();
    if (report.state !== "superseded" || attempt === COMMIT_ATTEMPTS) return report;
  }
}

class TaskRun {
  readonly #workspace: Workspace;
  readonly #request: TaskRequest;
  readonly #task: TaskName;
  readonly #hooks: Hooks;
  readonly #startedAt: Millis;
  readonly #warnings: string[] = [];
  readonly #requestsBefore: number;
  #run: string;
  #writer: RunWriter | undefined;
  #start: Extract<CaptureEvent, { kind: "start" }> | undefined;
  #blobs = 0;

  constructor(workspace: Workspace, request: TaskRequest, task: TaskName, hooks: Hooks) {
    this.#workspace = workspace;
    this.#request = request;
    this.#task = task;
    this.#hooks = hooks;
    this.#startedAt = workspace.clock.now();
    this.#run = newTimedId(this.#startedAt);
    this.#requestsBefore = this.#requests;
  }

  async execute(): Promise<RunReport> {
    try {
      await using _lease = await leaseNewest(this.#workspace, this.#task, this.#hooks);
      const base = await readNewestManifest(this.#workspace.repository, this.#task, signalOf(this.#hooks));
      // Captures are small runs that leave no checkpoints, and they continue nothing that the source began.
      const resume =
        this.#request.captures === undefined
          ? await findInterrupted(this.#workspace, this.#task, base)
          : undefined;
      if (resume !== undefined) this.#run = resume.run;
      const end = await this.#capture(base, resume);
      const output = await (this.#writer as RunWriter).finish();
      const committed = await this.#commit(base, end, output);
      if (committed === undefined) {
        const error = new HoldfastError(
          "task-busy",
          `Another writer committed to ${this.#name} while this run was under way.`,
          { task: this.#task, run: this.#run },
        );
        return await this.#end("superseded", undefined, error);
      }
      return await this.#end("committed", committed);
    } catch (error) {
      await this.#writer?.abort();
      return await this.#endFailed(error);
    }
  }

  /** Whether this run compares the source as a whole. */
  #reconciles(base: StoredManifest | undefined): boolean {
    const due = base !== undefined && base.manifest.runsSinceReconcile + 1 >= RECONCILE_EVERY_RUNS;
    return this.#request.reconcile || due;
  }

  get #source(): ManifestSource {
    const { settings, collection } = this.#request;
    return { name: settings.name, kind: settings.options.kind, collection };
  }

  get #policy(): Policy {
    const { settings, collection } = this.#request;
    return this.#workspace.policyOf(settings.name, collection).policy;
  }

  /** Sent to the source so far: none where it is not asked. */
  get #requests(): number {
    const { settings, captures } = this.#request;
    return captures === undefined ? this.#workspace.source(settings.name).traffic.requests : 0;
  }

  get #name(): string {
    return `${this.#request.settings.name}/${this.#request.collection}`;
  }

  async #capture(
    base: StoredManifest | undefined,
    resume: Checkpoint | undefined,
  ): Promise<Extract<CaptureEvent, { kind: "end" }>> {
    const request: CaptureRequest = {
      collection: this.#request.collection,
      cursor: base?.manifest.cursor,
      resume: resume?.cursor,
      reconcile: this.#reconciles(base),
      include: this.#policy.include,
      engine: captureEngine({
        repository: this.#workspace.repository,
        task: this.#task,
        base,
        writer: () => this.#started,
        signal: signalOf(this.#hooks),
        stored: () => (this.#blobs += 1),
      }),
    };
    const { captures, settings } = this.#request;
    const capture =
      captures?.(request, this.#context()) ??
      this.#workspace.source(settings.name).capture(request, this.#context());
    for await (const event of capture) {
      switch (event.kind) {
        case "start":
          this.#begin(event, base, resume);
          break;
        case "versions":
          await this.#started.add(event.versions, event.sequence, this.#workspace.clock.now());
          break;
        case "checkpoint":
          await this.#started.checkpoint(event.cursor);
          break;
        case "end":
          return event;
      }
    }
    throw new HoldfastError(
      "internal",
      `The capture of ${this.#name} ended without saying where the next one continues.`,
    );
  }

  /** The source has decided what kind of run this is; only now is it known what the run is compared with. */
  #begin(
    start: Extract<CaptureEvent, { kind: "start" }>,
    base: StoredManifest | undefined,
    resume: Checkpoint | undefined,
  ): void {
    this.#start = start;
    const continued = resume?.kind === start.run && resume.identity === start.identity ? resume : undefined;
    const kept = start.run === "delta" && base !== undefined ? segmentsNewestFirst(base.manifest) : [];
    const index = new StateIndex(this.#workspace.repository, this.#task, kept);
    index.prepend(continued?.groups.toReversed().flat() ?? []);
    this.#writer = new RunWriter({
      repository: this.#workspace.repository,
      task: this.#task,
      run: this.#run,
      clock: this.#workspace.clock,
      signal: signalOf(this.#hooks),
      index,
      ...(continued === undefined ? {} : { resume: continued }),
      describe: () => ({
        run: this.#run,
        source: this.#source,
        base: base?.digest ?? null,
        after: entryId(base),
        startedAt: this.#startedAt,
        kind: start.run,
        identity: start.identity,
        reason: start.reason ?? "",
      }),
    });
  }

  get #started(): RunWriter {
    if (this.#writer === undefined) {
      throw new HoldfastError(
        "internal",
        `The capture of ${this.#name} yielded versions before it said what run it is.`,
      );
    }
    return this.#writer;
  }

  #context(): SourceContext {
    return {
      clock: this.#workspace.clock,
      signal: signalOf(this.#hooks),
      progress: (progress) => this.#hooks.progress?.({ operation: "backup", task: this.#name, ...progress }),
      warn: (message, item) => {
        const text = item === undefined ? message : `${message} (${item})`;
        this.#warnings.push(text);
        this.#hooks.warn?.(`${this.#name}: ${text}`);
      },
    };
  }

  async #commit(
    base: StoredManifest | undefined,
    end: Extract<CaptureEvent, { kind: "end" }>,
    output: RunOutput,
  ): Promise<StoredManifest | undefined> {
    const start = this.#start as Extract<CaptureEvent, { kind: "start" }>;
    const finished = {
      run: this.#run,
      source: this.#source,
      policy: this.#policy,
      startedAt: this.#startedAt,
      start,
      end,
      output,
      reconciled: start.run === "baseline" || this.#reconciles(base),
      beforeRestore: this.#request.beforeRestore ?? false,
      ...(this.#request.captures === undefined ? {} : { captures: true as const }),
      ...(this.#request.level === undefined ? {} : { level: this.#request.level }),
    };
    const { repository, clock } = this.#workspace;
    return commitRun(repository, this.#task, base, finished, clock, signalOf(this.#hooks));
  }

  async #endFailed(error: unknown): Promise<RunReport> {
    if (signalOf(this.#hooks).aborted) {
      const stopped = new HoldfastError(
        "interrupted",
        `The backup of ${this.#name} was stopped.`,
        { task: this.#task },
        error,
      );
      return this.#end("interrupted", undefined, stopped);
    }
    const known =
      error instanceof HoldfastError
        ? error
        : new HoldfastError(
            "internal",
            `The backup of ${this.#name} failed: ${errorText(error)}`,
            { task: this.#task },
            error,
          );
    return this.#end("failed", undefined, known);
  }

  async #end(
    state: RunRecord["state"],
    committed: StoredManifest | undefined,
    error?: HoldfastError,
  ): Promise<RunReport> {
    const entry = committed && newestEntry(committed.manifest);
    const record: RunRecord = {
      run: this.#run,
      source: this.#source,
      state,
      kind: this.#start?.run ?? null,
      level: this.#request.level ?? levelOfRuns(this.#policy),
      anomalies: entry?.anomalies ?? [],
      reason: this.#start?.reason ?? "",
      startedAt: this.#startedAt,
      endedAt: this.#workspace.clock.now(),
      instant: entry?.to ?? null,
      generation: committed?.manifest.generation ?? null,
      manifest: committed?.digest ?? null,
      counts: this.#writer?.counts ?? { live: 0, deleted: 0, purged: 0, bodyBytes: 0, storedBytes: 0 },
      blobs: this.#blobs,
      requests: this.#requests - this.#requestsBefore,
      warnings: this.#warnings,
      error: error === undefined ? null : { code: error.code, message: error.message },
    };
    await this.#writeRecord(record);
    return { ...runReport(this.#task, record), ...freezeRows(committed?.manifest.freeze) };
  }

  /**
   * Best effort: a run is committed by its manifest, whatever becomes of its record. A run that left checkpoints and may
   * be continued gets none: the record would end it.
   */
  async #writeRecord(record: RunRecord): Promise<void> {
    const mayContinue = record.state === "failed" || record.state === "interrupted";
    if (mayContinue && (this.#writer?.checkpoints ?? 0) > 0) return;
    try {
      await writeRunRecord(this.#workspace.repository, this.#task, record);
    } catch (error) {
      this.#warnings.push(`The run's record could not be written: ${errorText(error)}`);
    }
  }
}
