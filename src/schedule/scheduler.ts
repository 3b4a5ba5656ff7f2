/**
 * Runs jobs at their times, for ever. One job never runs twice at the same time; what was missed while nothing ran is done once, not as often
 * as it was missed; a job that failed waits longer each time and is never given up.
 */
import type { Millis } from "../model/clock.ts";
import type { Job, JobMemories, JobOutcome } from "./job.ts";
import { earliestStart, type StartRules } from "./next-start.ts";
import type { ScheduleTime } from "./time.ts";
import { nextOpening } from "./windows.ts";

export interface SchedulerOptions extends StartRules {
  readonly time: ScheduleTime;
  readonly memories: JobMemories;
  /** Jobs under way at the same time, of all sources and of one. */
  readonly parallel: number;
  readonly perSource: number;
  /** How often `plan` is asked anew, ms: by then a new database is known. */
  readonly planEveryMs: Millis;
  /** Every job there is now. A failure leaves the jobs that are known. */
  readonly plan: (signal: AbortSignal) => Promise<readonly Job[]>;
  /** The same job after it has run, with its next regular time; undefined when there is no such job any more. */
  readonly renew: (job: Job, signal: AbortSignal) => Promise<Job | undefined>;
  /** Never rejects. */
  readonly run: (job: Job, signal: AbortSignal) => Promise<JobOutcome>;
  readonly tell: (event: ScheduleEvent) => void;
}

export type ScheduleEvent =
  | { readonly event: "planned"; readonly at: Millis; readonly jobs: number; readonly next: Millis | null }
  | { readonly event: "plan-failed"; readonly at: Millis; readonly error: unknown }
  | { readonly event: "began"; readonly at: Millis; readonly job: Job; readonly lateMs: Millis }
  | {
      readonly event: "ended";
      readonly at: Millis;
      readonly job: Job;
      readonly outcome: JobOutcome;
      readonly durationMs: Millis;
      /** When it is tried again, or due next. */
      readonly next: Millis | null;
    };

interface Waiting {
  readonly job: Job;
  /** Windows left aside. */
  readonly earliest: Millis;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  #jobs = new Map<string, Waiting>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #runningOf = new Map<string, number>();
  #planAt = Number.NEGATIVE_INFINITY;
  /** Fires when a job has ended, so that the loop looks again. */
  #wake = new AbortController();

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  /** Runs until the signal fires; jobs under way are told by the same signal and waited for. */
  async run(signal: AbortSignal): Promise<void> {
    const { time } = this.#options;
    while (!signal.aborted) {
      // Before looking: what ends while we look must not be slept over.
      this.#wake = new AbortController();
      await this.#planWhenDue(signal);
      if (signal.aborted) break;
      this.#startWhatIsDue(signal);
      await time.sleepUntil(this.#nextLook(), AbortSignal.any([signal, this.#wake.signal]));
    }
    await Promise.all(this.#running.values());
  }

  async #planWhenDue(signal: AbortSignal): Promise<void> {
    const { time, plan, planEveryMs, tell } = this.#options;
    if (time.now() < this.#planAt) return;
    try {
      const planned = await plan(signal);
      const jobs = new Map(planned.map((job) => [job.id, this.#withStart(job)]));
      // What runs keeps what it was begun as; it is renewed when it ends.
      for (const id of this.#running.keys()) {
        const waiting = this.#jobs.get(id);
        if (waiting !== undefined) jobs.set(id, waiting);
      }
      this.#jobs = jobs;
      tell({ event: "planned", at: time.now(), jobs: jobs.size, next: this.#firstStart() });
    } catch (error) {
      if (signal.aborted) return;
      tell({ event: "plan-failed", at: time.now(), error });
    }
    this.#planAt = time.now() + planEveryMs;
  }

  #startWhatIsDue(signal: AbortSignal): void {
    const { time, parallel } = this.#options;
    const now = time.now();
    const due = this.#waiting()
      .filter((waiting) => this.#startOf(waiting) <= now)
      // Whoever has waited longest comes first, so that nobody waits for ever.
      .toSorted((a, b) => a.job.regular - b.job.regular || (a.job.id < b.job.id ? -1 : 1));
    for (const { job } of due) {
      if (this.#running.size >= parallel) return;
      if (this.#hasRoom(job)) this.#start(job, now, signal);
    }
  }

  #start(job: Job, now: Millis, signal: AbortSignal): void {
    const { memories, tell } = this.#options;
    const before = memories.get(job.id);
    const { succeededAt = null, error = null } = before ?? {};
    const failures = (before?.failures ?? 0) + (before?.endedAt === null ? 1 : 0);
    memories.set(job.id, { startedAt: now, endedAt: null, failures, succeededAt, error });
    tell({ event: "began", at: now, job, lateMs: Math.max(0, now - job.regular) });
    this.#count(job, 1);
    const done = this.#runAndRenew(job, now, signal).finally(() => {
      this.#running.delete(job.id);
      this.#count(job, -1);
      this.#wake.abort();
    });
    this.#running.set(job.id, done);
  }

  async #runAndRenew(job: Job, startedAt: Millis, signal: AbortSignal): Promise<void> {
    const { memories, tell, run, renew, time } = this.#options;
    const outcome = await run(job, signal);
    const endedAt = time.now();
    const before = memories.get(job.id);
    // Cut off by us: it stays marked as begun, so that the next start continues it.
    if (signal.aborted && !outcome.ok) return;
    memories.set(
      job.id,
      outcome.ok
        ? { startedAt, endedAt, failures: 0, succeededAt: endedAt, error: null }
        : {
            startedAt,
            endedAt,
            failures: (before?.failures ?? 0) + 1,
            succeededAt: before?.succeededAt ?? null,
            error: outcome.code,
          },
    );
    // Without its next time it keeps the old one: it is tried again then, which does nothing when it is not due.
    const renewed = await renew(job, signal).catch(() => job);
    const waiting = renewed && this.#withStart(renewed);
    if (waiting === undefined) this.#jobs.delete(job.id);
    else this.#jobs.set(job.id, waiting);
    const next = waiting === undefined ? null : this.#startOf(waiting);
    tell({ event: "ended", at: endedAt, job, outcome, durationMs: endedAt - startedAt, next });
  }

  #withStart(job: Job): Waiting {
    const { memories } = this.#options;
    return { job, earliest: earliestStart(job, memories.get(job.id), this.#options) };
  }

  #waiting(): Waiting[] {
    return [...this.#jobs.values()].filter(({ job }) => !this.#running.has(job.id));
  }

  #startOf({ earliest }: Waiting): Millis {
    const { windows, timezone, time } = this.#options;
    return nextOpening(windows, timezone, Math.max(time.now(), earliest));
  }

  #firstStart(): Millis | null {
    const starts = this.#waiting().map((waiting) => this.#startOf(waiting));
    return starts.length === 0 ? null : starts.reduce((first, start) => Math.min(first, start));
  }

  /** When there may be something to do: a job that has room becomes due, or it is time to plan. */
  #nextLook(): Millis {
    if (this.#running.size >= this.#options.parallel) return this.#planAt;
    return this.#waiting()
      .filter(({ job }) => this.#hasRoom(job))
      .reduce((first, waiting) => Math.min(first, this.#startOf(waiting)), this.#planAt);
  }

  #hasRoom({ source }: Job): boolean {
    return source === undefined || (this.#runningOf.get(source) ?? 0) < this.#options.perSource;
  }

  #count({ source }: Job, by: number): void {
    if (source !== undefined) this.#runningOf.set(source, (this.#runningOf.get(source) ?? 0) + by);
  }
}
