/**
 * Several pieces of work under way at once, their results in the order of the input: keeps the wire busy while earlier
 * results are being handed over. When the consumer stops or one piece fails, the others are aborted and waited for.
 */
export async function* orderedPipeline<I, O>(
  inputs: Iterable<I>,
  parallel: number,
  work: (input: I, signal: AbortSignal) => Promise<O>,
  signal: AbortSignal,
): AsyncGenerator<O> {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const underWay: Promise<O>[] = [];
  const source = inputs[Symbol.iterator]();
  const start = (): boolean => {
    const next = source.next();
    if (next.done === true) return false;
    const result = work(next.value, inner);
    // A later piece may fail while an earlier one is still awaited; its error is met when its turn comes.
    result.catch(() => {});
    underWay.push(result);
    return true;
  };
  try {
    while (underWay.length < parallel && start());
    while (underWay.length > 0) {
      const output = (await underWay[0]) as O;
      void underWay.shift();
      start();
      yield output;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
  }
}
