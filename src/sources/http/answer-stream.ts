/**
 * An answer as it comes from the wire. Services send long answers in very many small pieces; they are handed on as the
 * socket delivered them, many at a time, because a stream object per piece costs more than everything done with it.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

export interface AnswerHead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Bytes held for a slow consumer before the connection is told to wait. */
const HELD_BYTES = 1024 * 1024;

export class AnswerStream implements Dispatcher.DispatchHandler, AsyncIterable<Buffer> {
  readonly #head = Promise.withResolvers<AnswerHead>();
  readonly #signal: AbortSignal;
  readonly #onAbort: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #pieces: Buffer[] = [];
  #held = 0;
  #done = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#onAbort = () => this.#stop(signal.reason as Error);
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#head.promise.catch(() => {});
  }

  /** Status and headers, or the connection's failure. */
  get head(): Promise<AnswerHead> {
    return this.#head.promise;
  }

  /** Whether the answer has arrived to its end. */
  get done(): boolean {
    return this.#done;
  }

  /** Gives up the rest of the answer, and with it the connection. */
  abandon(): void {
    if (!this.#done) this.#stop(new Error("the answer is no longer wanted"));
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      if (this.#pieces.length > 0) {
        const pieces = this.#pieces;
        this.#pieces = [];
        this.#held = 0;
        if (this.#controller?.paused === true) this.#controller.resume();
        yield pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
      } else if (this.#failure !== undefined) {
        throw this.#failure.error;
      } else if (this.#done) {
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #stop(reason: Error): void {
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#head.reject(error);
    this.#signalConsumer();
  }

  #signalConsumer(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  // --- called by undici

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure !== undefined) controller.abort(this.#failure.error as Error);
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held > HELD_BYTES) controller.pause();
    this.#signalConsumer();
  }

  onResponseEnd(): void {
    this.#done = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#signalConsumer();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    this.#fail(error);
  }
}
