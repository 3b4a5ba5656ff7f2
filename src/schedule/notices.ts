/**
 * What of a server's events a person must hear: that a job keeps failing, once, and that it works again. Everything else is in the log.
 */
import type { Millis } from "../model/clock.ts";
import type { JobMemories } from "./job.ts";
import type { ScheduleEvent } from "./scheduler.ts";

export type Notice =
  | {
      readonly notice: "failing";
      readonly job: string;
      readonly at: Millis;
      readonly failures: number;
      /** When it last succeeded; null: never. */
      readonly succeededAt: Millis | null;
      readonly error: { readonly code: string; readonly message: string };
    }
  | { readonly notice: "recovered"; readonly job: string; readonly at: Millis }
  | { readonly notice: "not-planning"; readonly at: Millis; readonly message: string };

/**
 * A failure is told when it happened this often in a row: the first is mended by the second try more often than not. A check that finds damage is
 * told at once.
 */
const TOLD_AFTER = 2;
/** What still fails is told again this often, ms: a first notice may have been overlooked. */
const AGAIN_MS = 86_400_000;

export class Notices {
  /** When each failing job was last told of. */
  readonly #told = new Map<string, Millis>();
  #notPlanning = false;
  readonly #memories: Pick<JobMemories, "get">;

  /** `memories`: failures of earlier processes count. */
  constructor(memories: Pick<JobMemories, "get">) {
    this.#memories = memories;
  }

  /** Whether a job that was told of still fails, or due times cannot be worked out. */
  get isAlarmed(): boolean {
    return this.#notPlanning || this.#told.size > 0;
  }

  /** What is to be told because of an event; undefined for nothing. */
  of(event: ScheduleEvent): Notice | undefined {
    switch (event.event) {
      case "planned":
        this.#notPlanning = false;
        return undefined;
      case "plan-failed": {
        if (this.#notPlanning) return undefined;
        this.#notPlanning = true;
        const message = event.error instanceof Error ? event.error.message : String(event.error);
        return { notice: "not-planning", at: event.at, message };
      }
      case "ended":
        return this.#ofEnd(event);
      default:
        return undefined;
    }
  }

  #ofEnd({ job, at, outcome }: Extract<ScheduleEvent, { event: "ended" }>): Notice | undefined {
    if (outcome.ok) {
      return this.#told.delete(job.id) ? { notice: "recovered", job: job.id, at } : undefined;
    }
    const { failures = 1, succeededAt = null } = this.#memories.get(job.id) ?? {};
    const told = this.#told.get(job.id);
    if (failures < TOLD_AFTER && outcome.code !== "check-failed") return undefined;
    if (told !== undefined && at - told < AGAIN_MS) return undefined;
    this.#told.set(job.id, at);
    const { code, message } = outcome;
    return { notice: "failing", job: job.id, at, failures, succeededAt, error: { code, message } };
  }
}
