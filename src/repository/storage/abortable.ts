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
  const aborted = Promise.withResolvers<never>();
  // Nobody waits on it between two pieces; the race below is where it is noticed.
  aborted.promise.catch(() => undefined);
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  let ended = false;
  try {
    for (;;) {
      const next = iterator.next();
      // When the abort wins the race, a later failure of the source has nobody left to hear it.
      next.catch(() => undefined);
      const step = await Promise.race([next, aborted.promise]);
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
