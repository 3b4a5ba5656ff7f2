/**
 * When a job may begin: its regular time, moved by what happened to it, by jitter and by windows.
 */
import { createHash } from "node:crypto";
import type { Millis } from "../model/clock.ts";
import type { Job, JobMemory } from "./job.ts";
import type { Window } from "./windows.ts";

export interface StartRules {
  /** Regular times are spread over this long, each job always by the same part of it, so that a thousand tasks do not begin in one second. */
  readonly jitterMs: Millis;
  readonly windows: readonly Window[];
  readonly timezone: string;
}

/** After a first failure; doubles with each further one. A service that restarts is back by then. */
const FIRST_RETRY_MS = 5 * 60_000;
/** However often it failed, it is tried again this soon: whoever mends the cause need not know of Holdfast. */
const LONGEST_RETRY_MS = 6 * 3_600_000;

/** The wait after that many failures in a row. */
function retryDelay(failures: number): Millis {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
}

/** Windows left aside; it does not change until the job has run. */
export function earliestStart(
  job: Job,
  memory: JobMemory | undefined,
  { jitterMs }: Pick<StartRules, "jitterMs">,
): Millis {
  const retry = memory !== undefined && memory.failures > 0 ? retryDelay(memory.failures) : 0;
  // It was cut off with the process that ran it, and is continued at once; if that happens to it again and again, after a while.
  if (memory?.endedAt === null) return retry === 0 ? 0 : memory.startedAt + retry;
  const spread = job.spread ? job.regular + jitterOf(job.id, jitterMs) : job.regular;
  return memory === undefined || retry === 0 ? spread : Math.max(spread, memory.endedAt + retry);
}

/** Between nothing and all of it, by the job's name alone. */
function jitterOf(id: string, jitterMs: Millis): Millis {
  const digest = createHash("sha256").update(id).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * jitterMs);
}
