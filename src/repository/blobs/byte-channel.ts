/**
 * Bytes from those who push to the one who pulls: a pack is written by many calls, and the storage takes one
 * stream.
 */

/** Bytes that may wait; whoever pushes more waits for the storage. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

export class ByteChannel implements AsyncIterable<Buffer> {
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  /** Why nothing can be pushed any more. */
  #closed: { readonly reason: unknown } | undefined;
  #wakeConsumer: (() => void) | undefined;
  #wakeProducer: (() => void) | undefined;

  /** Waits for room. Rejects with the reason once the channel is closed. One call at a time. */
  async push(bytes: Buffer): Promise<void> {
    while (this.#bytes >= MAX_WAITING_BYTES && this.#closed === undefined) {
      await new Promise<void>((resolve) => (this.#wakeProducer = resolve));
    }
    if (this.#closed !== undefined) throw this.#closed.reason;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    this.#wakeConsumer?.();
  }

  /** No more bytes will come: the consumer's stream ends behind those that wait. */
  end(): void {
    this.#ended = true;
    this.#wakeConsumer?.();
  }

  /** Both sides stop with this reason; only the first one counts. */
  close(reason: unknown): void {
    this.#closed ??= { reason };
    this.#wakeConsumer?.();
    this.#wakeProducer?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      for (;;) {
        if (this.#closed !== undefined) throw this.#closed.reason;
        const next = this.#waiting.shift();
        if (next !== undefined) {
          this.#bytes -= next.length;
          this.#wakeProducer?.();
          yield next;
        } else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wakeConsumer = resolve));
      }
    } finally {
      this.close(new Error("Nobody takes the bytes any more."));
    }
  }
}
