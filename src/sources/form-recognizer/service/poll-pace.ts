/**
 * How often the service wants to be asked about something that it works on: no sooner than its last answer said.
 */
import type { Clock, Millis } from "../../../model/clock.ts";
import { parseRetryAfter, pause } from "../../http/backoff.ts";
import type { HttpAnswer } from "../../http/http-client.ts";

/** A longer wait between two looks is not believed, ms: whoever asks has a patience of minutes. */
const LONGEST_PAUSE_MS: Millis = 60_000;

/** Operations remembered at once: more than are ever under way. */
const REMEMBERED_OPERATIONS = 1_000;

export class PollPace {
  readonly #clock: Clock;
  readonly #notBefore = new Map<string, Millis>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns when `operation` may be asked about. */
  async wait(operation: string, signal: AbortSignal): Promise<void> {
    const notBefore = this.#notBefore.get(operation);
    if (notBefore === undefined) return;
    this.#notBefore.delete(operation);
    const left = notBefore - this.#clock.now();
    if (left > 0) await pause(Math.min(left, LONGEST_PAUSE_MS), signal);
  }

  note(operation: string, { headers }: Pick<HttpAnswer, "headers">): void {
    const wanted = parseRetryAfter(headers["retry-after"], this.#clock);
    if (wanted === undefined || this.#notBefore.size >= REMEMBERED_OPERATIONS) return;
    this.#notBefore.set(operation, this.#clock.now() + wanted);
  }
}
