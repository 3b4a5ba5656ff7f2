/**
 * Looking into many files at a time: enough to hide the latency of an object store.
 */
const FILES_AT_ONCE = 16;

/** Answers in the order of `all`. */
export async function inParallel<In, Out>(
  all: readonly In[],
  look: (one: In) => Promise<Out>,
): Promise<Out[]> {
  const done: Out[] = [];
  for (let start = 0; start < all.length; start += FILES_AT_ONCE) {
    done.push(...(await Promise.all(all.slice(start, start + FILES_AT_ONCE).map(look))));
  }
  return done;
}
