/**
 * An actor that falls asleep before its nth storage call, as a suspended machine does, and goes on when it is woken as if
 * no time had passed.
 */
import type { StorageHook } from "./hooked-storage.ts";

export class Sleeper<T> {
  readonly #ended: Promise<T>;
  #wake: (() => void) | undefined;
  readonly #restful: Promise<unknown>;

  /** Starts at once. */
  constructor(work: (hook: StorageHook) => Promise<T>, sleepsBefore: number) {
    let calls = 0;
    const { promise: asleep, resolve: fallAsleep } = Promise.withResolvers<void>();
    const hook: StorageHook = async (_call, _path, act) => {
      if (calls++ === sleepsBefore) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
          fallAsleep();
        });
      }
      return await act();
    };
    this.#ended = work(hook);
    // Looked at when it is woken; until then a failure must not count as unhandled.
    this.#restful = Promise.race([asleep, this.#ended.catch(() => {})]);
  }

  /** Resolves when it sleeps or, having made fewer calls, has ended. */
  async settled(): Promise<void> {
    await this.#restful;
  }

  /** Wakes it and waits for its end. */
  async wake(): Promise<T> {
    this.#wake?.();
    return await this.#ended;
  }
}
