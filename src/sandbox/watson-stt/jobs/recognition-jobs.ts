/**
 * The life of jobs: taking one in with its audio, listing, telling, deleting and letting them expire. What a job has become is worked
 * out from its times whenever somebody asks.
 */
import { badRequest, notFound } from "../../watson/errors.ts";
import { newGuid } from "../../http/guid.ts";
import type { SttState } from "../state.ts";
import type { AudioIntake } from "./audio-intake.ts";
import type { CallbackStore } from "./callback-store.ts";
import type { JobEvent } from "./job-events.ts";
import { parseEvents } from "./job-events.ts";
import type { JobStatus, JobTimes } from "./job-state.ts";
import { statusAt, updatedAt } from "./job-state.ts";
import type { Job, JobStore } from "./job-store.ts";
import type { NotificationQueue } from "./notification-queue.ts";
import type { Notifier } from "./notifier.ts";
import type { Parameters } from "./recognition-parameters.ts";
import { checkedModels, warningsOf, wholeNumber } from "./recognition-parameters.ts";
import { resultsOf } from "./transcript.ts";

/** Jobs that a listing shows. */
export const LISTED_JOBS = 100;
/** Life of a job after its end when nothing else was asked, minutes: a week. */
const DEFAULT_TTL_MINUTES = 10_080;
const MINUTE_MS = 60_000;

/** What arrives with a new job. */
export interface JobRequest {
  readonly instance: string;
  readonly parameters: Parameters;
  readonly customer: string | undefined;
  readonly audio: AudioIntake;
}

/** A job as a listing shows it. */
export interface JobSummary {
  readonly id: string;
  readonly created: string;
  readonly updated: string;
  readonly status: JobStatus;
  readonly user_token?: string;
}

export interface RecognitionJobsOptions {
  readonly state: SttState;
  readonly jobs: JobStore;
  readonly callbacks: CallbackStore;
  readonly queue: NotificationQueue;
  readonly notifier: Notifier;
}

export class RecognitionJobs {
  readonly #options: RecognitionJobsOptions;
  #failing = 0;

  constructor(options: RecognitionJobsOptions) {
    this.#options = options;
  }

  /** The next jobs that are created will fail when their time comes. */
  failNext(count: number): void {
    this.#failing += count;
  }

  /** Everything about the request is looked at before its audio is taken in. Throws 400, 401, 404, 413 or 415. */
  async create(
    request: JobRequest,
  ): Promise<{ readonly id: string; readonly created: string; readonly warnings: string[] }> {
    const { state, jobs, queue, notifier } = this.#options;
    const { instance, parameters, audio } = request;
    const customModels = checkedModels(parameters, state.models(instance));
    const callback = this.#callbackOf(instance, parameters);
    const ttl = (wholeNumber(parameters, "results_ttl", 1) ?? DEFAULT_TTL_MINUTES) * MINUTE_MS;

    const id = newGuid();
    const upload = await state.uploads.put(
      { instance, name: `recognitions/${id}`, contentType: audio.contentType },
      audio.chunks(),
    );
    this.#endOrForget(audio, upload.id);

    const times = this.#timesFrom(state.clock.now(), ttl);
    const job: Job = {
      id,
      times,
      userToken: callback && parameters.get("user_token"),
      customer: request.customer,
      upload: upload.id,
      results: JSON.stringify(resultsOf(upload, customModels)),
    };
    jobs.add(instance, job);
    if (callback !== undefined) {
      for (const { event, due } of notificationsOf(times, callback.events)) {
        queue.add({ instance, job: id, event, url: callback.url, due });
      }
      notifier.arm();
    }
    return { id, created: isoTime(times.created), warnings: warningsOf(parameters, "job") };
  }

  list(instance: string): JobSummary[] {
    this.#expire();
    const now = this.#options.state.clock.now();
    return this.#options.jobs.latest(instance, LISTED_JOBS).flatMap((job) => summaryOf(job, now) ?? []);
  }

  /** Throws 404 for a job that is unknown, another instance's, or expired. */
  check(instance: string, id: string): JobSummary & { readonly results?: readonly unknown[] } {
    const { job, summary } = this.#known(instance, id);
    return summary.status === "completed"
      ? { ...summary, results: [JSON.parse(job.results) as unknown] }
      : summary;
  }

  /** Throws 404 as `check` does, 400 while the job is processed. */
  remove(instance: string, id: string): void {
    const { job, summary } = this.#known(instance, id);
    if (summary.status === "processing") throw badRequest("Unable to delete the processing job");
    this.#forget(job);
  }

  /** Deletes everything that carries this label, whatever its state. */
  forgetCustomer(instance: string, customer: string): void {
    for (const job of this.#options.jobs.labelled(instance, customer)) this.#forget(job);
    this.#options.callbacks.removeCustomer(instance, customer);
  }

  #callbackOf(
    instance: string,
    parameters: Parameters,
  ): { readonly url: string; readonly events: readonly JobEvent[] } | undefined {
    const url = parameters.get("callback_url");
    if (url === undefined) return undefined;
    if (this.#options.callbacks.find(instance, url) === undefined) {
      throw badRequest(`callback url '${url}' is not registered`);
    }
    return { url, events: parseEvents(parameters.get("events")) };
  }

  #endOrForget(audio: AudioIntake, upload: string): void {
    try {
      audio.end();
    } catch (error) {
      this.#options.state.uploads.remove(upload);
      throw error;
    }
  }

  #timesFrom(created: number, ttl: number): JobTimes {
    const { delays } = this.#options.state;
    const starts = created + delays.jobWaiting;
    const fails = this.#failing > 0;
    if (fails) this.#failing--;
    return {
      created,
      starts,
      ends: starts + delays.jobProcessing,
      ttl,
      outcome: fails ? "failed" : "completed",
    };
  }

  #known(instance: string, id: string): { readonly job: Job; readonly summary: JobSummary } {
    this.#expire();
    const job = this.#options.jobs.find(instance, id);
    const summary = job && summaryOf(job, this.#options.state.clock.now());
    if (job === undefined || summary === undefined) throw notFound("job not found");
    return { job, summary };
  }

  #forget(job: Job): void {
    this.#options.jobs.remove(job.id);
    this.#options.queue.removeJob(job.id);
    this.#options.state.uploads.remove(job.upload);
  }

  #expire(): void {
    const { jobs, state } = this.#options;
    for (const upload of jobs.expire(state.clock.now())) state.uploads.remove(upload);
  }
}

/** Undefined for a job whose time is over. */
function summaryOf(job: Job, now: number): JobSummary | undefined {
  const status = statusAt(job.times, now);
  if (status === undefined) return undefined;
  return {
    id: job.id,
    created: isoTime(job.times.created),
    updated: isoTime(updatedAt(job.times, now)),
    status,
    ...(job.userToken === undefined ? {} : { user_token: job.userToken }),
  };
}

/** The chosen events that will come to pass, with their times, in order. */
function notificationsOf(
  times: JobTimes,
  events: readonly JobEvent[],
): { readonly event: JobEvent; readonly due: number }[] {
  const ending: JobEvent[] =
    times.outcome === "failed"
      ? ["recognitions.failed"]
      : ["recognitions.completed", "recognitions.completed_with_results"];
  return events
    .filter((event) => event === "recognitions.started" || ending.includes(event))
    .map((event) => ({ event, due: event === "recognitions.started" ? times.starts : times.ends }));
}

function isoTime(time: number): string {
  return new Date(time).toISOString();
}
