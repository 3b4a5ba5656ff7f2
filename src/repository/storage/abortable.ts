/**
 * Waiting for somebody else's stream without being held by it: an abort ends the wait at once, even when the stream
 * never answers again.
 */

/** The pieces of `source` until `signal` aborts; then throws the signal's reason and lets the source go. */
export async function* abortable<T>(source: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  signal.throwIfAborted();
  const iterator = source[Symbol.asyncIterator]();
  // Ends the wait at hand. Each wait is a promise of its own: one that all were raced against would hold every piece.
  let stop: ((reason: unknown) => void) | undefined;
  const onAbort = (): void => stop?.(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      const step = await new Promise<IteratorResult<T>>((resolve, reject) => {
        stop = reject;
        iterator.next().then(resolve, reject);
      });
      if (step.done === true) {
        ended = true;
        return;
      }
      yield step.value;
      signal.throwIfAborted();
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    const released = ended ? undefined : iterator.return?.();
    released?.catch(() => undefined);
    // After an abort nobody waits: a source that hangs in `next` would never answer `return` either.
    if (!signal.aborted) await released;
  }
}
