/**
 * A stand-in's time: the real one, or one that stands still until it is set forward. What is to happen later is told to this clock, so
 * that setting it forward makes it happen.
 */
import type { Clock, Millis } from "../../model/clock.ts";
import { systemClock } from "../../model/clock.ts";

type Action = () => void | Promise<void>;

export interface SandboxClock extends Clock {
  /** Runs the action once its time has come, never within this call. The result cancels it. */
  at(time: Millis, action: Action): () => void;
  /** Sets the clock forward and resolves when everything that became due has run, in order of time. Rejects for a real clock. */
  advance(ms: Millis): Promise<void>;
  /** Nothing happens any more. */
  close(): void;
}

/** The machine's time. */
export class RealClock implements SandboxClock {
  #timers = new Set<NodeJS.Timeout>();

  now(): Millis {
    return systemClock.now();
  }

  at(time: Millis, action: Action): () => void {
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        void action();
      },
      Math.max(0, time - this.now()),
    );
    // A stand-in that waits for its own future must not keep a process alive.
    timer.unref();
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  async advance(): Promise<void> {
    await Promise.reject(new Error("this stand-in runs on the real clock; start it with manualClockFrom"));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** A time that moves by `advance` only. */
export class ManualClock implements SandboxClock {
  #now: Millis;
  #waiting: { readonly time: Millis; readonly action: Action }[] = [];

  constructor(start: Millis) {
    this.#now = start;
  }

  now(): Millis {
    return this.#now;
  }

  at(time: Millis, action: Action): () => void {
    const entry = { time, action };
    this.#waiting.push(entry);
    // What is due already must not wait for the next advance, as it would not with a real clock.
    if (time <= this.#now) {
      setImmediate(() => {
        if (this.#take(entry)) void action();
      });
    }
    return () => {
      this.#take(entry);
    };
  }

  async advance(ms: Millis): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#waiting
        .filter(({ time }) => time <= end)
        .reduce<{ time: Millis; action: Action } | undefined>(
          (first, entry) => (first === undefined || entry.time < first.time ? entry : first),
          undefined,
        );
      if (next === undefined) break;
      this.#take(next);
      this.#now = Math.max(this.#now, next.time);
      await next.action();
    }
    this.#now = end;
  }

  close(): void {
    this.#waiting = [];
  }

  #take(entry: { readonly time: Millis; readonly action: Action }): boolean {
    const at = this.#waiting.indexOf(entry);
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }
}
