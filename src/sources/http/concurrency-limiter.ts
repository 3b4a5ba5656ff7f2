/**
 * How many requests of one source are under way at once. Grows by about one per round of good answers and halves when
 * the service shows strain (429, 503, very slow answers), so that it finds the service's capacity by itself.
 */

export interface ConcurrencySettings {
  /** Requests under way at the start. */
  readonly initial: number;
  /** Never more than this. */
  readonly max: number;
  /** Share of the capacity found that is left to others, 0 to 1. */
  readonly headroom: number;
}

/** After this many good answers in a row below a known ceiling, the ceiling is tried again: capacity may have grown. */
const ANSWERS_BEFORE_PROBE = 500;

const DECREASE_FACTOR = 0.5;

interface Waiter {
  readonly start: () => void;
}

export class ConcurrencyLimiter {
  readonly #settings: ConcurrencySettings;
  readonly #waiting: Waiter[] = [];
  #limit: number;
  #ceiling: number;
  #active = 0;
  #goodInARow = 0;
  /** Rounds: strain reported by requests that began before the last decrease is the same strain, counted once. */
  #round = 0;

  constructor(settings: ConcurrencySettings) {
    this.#settings = settings;
    this.#ceiling = settings.max;
    this.#limit = Math.min(settings.initial, settings.max);
  }

  /** Requests that may be under way now. */
  get limit(): number {
    return Math.max(1, Math.floor(this.#limit));
  }

  /** Runs `act` when a place is free. `act` reports strain by `strained`; a throw counts as neither good nor bad. */
  async run<T>(act: (strained: () => void) => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#enter(signal);
    const round = this.#round;
    let strain = false;
    try {
      const result = await act(() => {
        strain = true;
        this.#decrease(round);
      });
      if (!strain) this.#increase();
      return result;
    } finally {
      this.#active--;
      this.#wake();
    }
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#active < this.limit && this.#waiting.length === 0) {
      this.#active++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        start: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  #wake(): void {
    while (this.#active < this.limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#active++;
      next.start();
    }
  }

  #increase(): void {
    this.#goodInARow++;
    if (this.#goodInARow >= ANSWERS_BEFORE_PROBE) {
      this.#goodInARow = 0;
      this.#ceiling = Math.min(this.#settings.max, this.#ceiling + 1);
    }
    this.#limit = Math.min(this.#ceiling, this.#limit + 1 / this.#limit);
  }

  #decrease(round: number): void {
    this.#goodInARow = 0;
    if (round !== this.#round) return;
    this.#round++;
    this.#ceiling = Math.max(1, this.#limit * (1 - this.#settings.headroom));
    this.#limit = Math.max(1, this.#limit * DECREASE_FACTOR);
  }
}
