/**
 * A job's life, told from its times alone: nothing has to run for a job to move on, and a clock that is set forward moves every job.
 */

export type JobStatus = "waiting" | "processing" | "completed" | "failed";

/** Times in ms since 1970. */
export interface JobTimes {
  readonly created: number;
  /** When its processing begins. */
  readonly starts: number;
  readonly ends: number;
  /** How it ends. */
  readonly outcome: "completed" | "failed";
  /** How long it is kept after its end, ms. */
  readonly ttl: number;
}

/** Undefined: it has expired, and the service knows it no more. */
export function statusAt(times: JobTimes, now: number): JobStatus | undefined {
  if (now < times.starts) return "waiting";
  if (now < times.ends) return "processing";
  return now < expiryOf(times) ? times.outcome : undefined;
}

/** When the job was last changed, as its `updated` tells. */
export function updatedAt(times: JobTimes, now: number): number {
  if (now < times.starts) return times.created;
  return now < times.ends ? times.starts : times.ends;
}

export function expiryOf(times: JobTimes): number {
  return times.ends + times.ttl;
}
