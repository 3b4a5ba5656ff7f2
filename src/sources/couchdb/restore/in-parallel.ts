/**
 * Work on a stream of batches, several at once, results in the stream's order.
 */

/**
 * At most `width` pieces of work are under way. After a failure no new work begins; what is under way ends before the
 * failure is thrown, and also when the consumer stops early, so that nothing is written behind anyone's back.
 */
export async function* inParallel<T, R>(
  items: AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = work(item);
      // Its failure is met when its turn comes.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length >= width) yield await (underWay.shift() as Promise<R>);
    }
    for (let next = underWay.shift(); next !== undefined; next = underWay.shift()) yield await next;
  } finally {
    await Promise.allSettled(underWay);
  }
}
