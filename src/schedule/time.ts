/**
 * The time that a scheduler lives in. Tests bring one in which years pass in a second.
 */
import type { Clock, Millis } from "../model/clock.ts";

export interface ScheduleTime extends Clock {
  /** Resolves at the time, or as soon as the signal fires; never rejects. */
  sleepUntil(time: Millis, signal: AbortSignal): Promise<void>;
}

/**
 * Longest sleep at a stretch, ms. A machine that was suspended, or whose clock was set, is noticed within this time; and no timer takes
 * more than 2^31 ms.
 */
const LONGEST_SLEEP_MS = 60_000;

/** Sleeps by the machine's timers, measured by the clock. */
export function realTime(clock: Clock): ScheduleTime {
  return {
    now: () => clock.now(),
    async sleepUntil(time, signal) {
      while (!signal.aborted) {
        const left = time - clock.now();
        if (left <= 0) return;
        await sleep(Math.min(left, LONGEST_SLEEP_MS), signal);
      }
    },
  };
}

async function sleep(ms: Millis, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
