/**
 * How notifications go astray, on demand: lost, sent twice, late, or overtaken by the job's next one.
 */
import type { JobEvent } from "./job-events.ts";

export type NotificationFaultKind = "drop" | "duplicate" | "late" | "reordered";

export interface NotificationFault {
  readonly kind: NotificationFaultKind;
  /** Absent: every event. */
  readonly event?: JobEvent;
  /** How many notifications it meets; absent: all. */
  readonly times?: number;
  /** For `late`: how late, ms; default a minute. */
  readonly ms?: number;
}

/** How late a notification is when the fault does not say, ms. */
export const DEFAULT_LATENESS_MS = 60_000;

export class NotificationFaults {
  #armed: { readonly fault: NotificationFault; met: number }[] = [];

  add(fault: NotificationFault): void {
    this.#armed.push({ fault, met: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The first fault that meets this notification; asking counts as the meeting. */
  take(event: JobEvent): NotificationFault | undefined {
    const armed = this.#armed.find(
      ({ fault, met }) =>
        (fault.event === undefined || fault.event === event) && met < (fault.times ?? Infinity),
    );
    if (armed === undefined) return undefined;
    armed.met++;
    return armed.fault;
  }
}
