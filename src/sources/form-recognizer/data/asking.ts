/**
 * Asking a container: how long an answer may take, and whether what failed is asked again.
 */
import type { Clock } from "../../../model/clock.ts";
import { backoffDelay, DEFAULT_RETRY, pause, type RetryPolicy } from "../../http/backoff.ts";
import type { ContainerAddress } from "./container-address.ts";
import { containerFailure, mayPass } from "./container-failure.ts";

/** Longest silence of the service before it is given up, ms: enough for a block on a slow line. */
const DEFAULT_SILENCE_MS = 120_000;

export interface ContainerLimits {
  readonly retry?: RetryPolicy;
  readonly silenceMs?: number;
}

export class Asking {
  readonly #address: ContainerAddress;
  readonly #clock: Clock;
  readonly #retry: RetryPolicy;
  readonly #silenceMs: number;

  constructor(address: ContainerAddress, clock: Clock, limits: ContainerLimits) {
    this.#address = address;
    this.#clock = clock;
    this.#retry = limits.retry ?? DEFAULT_RETRY;
    this.#silenceMs = limits.silenceMs ?? DEFAULT_SILENCE_MS;
  }

  /** `what`: completes "could not …". `work` may be done several times. */
  async repeated<T>(
    what: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const patience = this.patience(signal);
      try {
        return await patience.wait(work);
      } catch (error) {
        await this.pauseOrThrow(patience.cause(error), what, attempt, signal);
      } finally {
        patience.end();
      }
    }
  }

  patience(signal: AbortSignal): Patience {
    return new Patience(signal, this.#silenceMs);
  }

  /** Returns when what failed may be asked again. */
  async pauseOrThrow(error: unknown, what: string, attempt: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const failure = containerFailure(error, what, this.#address, this.#clock);
    const tries = failure.code === "source-throttled" ? this.#retry.throttledAttempts : this.#retry.attempts;
    if (!mayPass(failure) || attempt >= tries) throw failure;
    await pause(backoffDelay(this.#retry, attempt, failure.context.retryAfterMs), signal);
  }
}

/** Ends what is asked of the service when it is silent for too long, or when the caller stops. */
export class Patience {
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  readonly #silenceMs: number;

  constructor(signal: AbortSignal, silenceMs: number) {
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
    this.#silenceMs = silenceMs;
  }

  async wait<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.#stop.abort(), this.#silenceMs);
    try {
      return await work(this.#signal);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why it failed: the client tells an abort, whoever asked for it. */
  cause(error: unknown): unknown {
    return this.#stop.signal.aborted ? new DOMException("", "TimeoutError") : error;
  }

  end(): void {
    this.#stop.abort();
  }
}
