/**
 * A time that jumps to the next moment somebody waits for, once everything else has come to rest.
 */
import type { ScheduleTime } from "../../src/schedule/time.ts";

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

export class SimulatedTime implements ScheduleTime {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): number {
    return this.#now;
  }

  async sleepUntil(until: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || until <= this.#now) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper: Sleeper = { until, wake };
      this.#sleepers.add(sleeper);
      signal.addEventListener("abort", wake);
    });
  }

  /** Lets everybody wake in order of time until `end`. `busy`: whether something works that does not wait for this time. */
  async passUntil(end: string, busy: () => boolean = () => false): Promise<void> {
    const last = Date.parse(end);
    for (;;) {
      do await atRest();
      while (busy());
      const next = [...this.#sleepers].toSorted((a, b) => a.until - b.until)[0];
      if (next === undefined || next.until > last) break;
      this.#now = Math.max(this.#now, next.until);
      next.wake();
    }
    this.#now = last;
  }
}

/** Promises that are ready have run on. */
async function atRest(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}
