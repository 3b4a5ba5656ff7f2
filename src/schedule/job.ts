/**
 * What a scheduler runs, and what it remembers of each job between runs and restarts.
 */
import type { Millis } from "../model/clock.ts";

export type JobKind = "backup" | "standby" | "check";

export interface Job {
  /** `backup prod/orders`, `standby stt`, `check`: the same over restarts. */
  readonly id: string;
  readonly kind: JobKind;
  /** What it is about: `prod/orders`, `stt`; empty for the whole repository. */
  readonly subject: string;
  /** The source that it asks for its data: jobs of one source share its limits. Absent: it asks none. */
  readonly source?: string;
  /** When it is due by its regular times alone; now or earlier when it is. */
  readonly regular: Millis;
  /** Whether others have the same regular time: a time of day. A first run, or one that comes so long after the last, has its own. */
  readonly spread: boolean;
}

/** What is remembered of a job. */
export interface JobMemory {
  /** When it last began, ms UTC. */
  readonly startedAt: Millis;
  /** Null while it runs, and for ever when the process ended before it did. */
  readonly endedAt: Millis | null;
  /** Failures since the last success, and starts that were cut off. */
  readonly failures: number;
  /** When it last succeeded; null: never. */
  readonly succeededAt: Millis | null;
  /** The newest failure's code; null after a success. */
  readonly error: string | null;
}

/** Where memories are kept. Synchronous: they are a few bytes on this machine. */
export interface JobMemories {
  get(id: string): JobMemory | undefined;
  set(id: string, memory: JobMemory): void;
}

/** How a run of a job ended. */
export type JobOutcome =
  | { readonly ok: true; readonly did: string }
  | { readonly ok: false; readonly code: string; readonly message: string };
