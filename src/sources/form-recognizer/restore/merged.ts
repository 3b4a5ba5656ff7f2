/**
 * Two streams in byte order of names, side by side: what is kept and what a container has. Neither is held in memory.
 *
 * Some services order rare characters otherwise. So a name that only one stream has is not thereby missing in the other one: whoever writes or
 * deletes because of it asks for it by name first, unless it is `sure`.
 */
import { keyOf, sortableKey } from "../../../model/key.ts";

interface Named {
  readonly name: string;
}

export type Pair<K, P> =
  | { readonly kept: K; readonly present: P }
  /** `sure`: the container has nothing at all. */
  | { readonly kept: K; readonly present: undefined; readonly sure: boolean }
  | { readonly kept: undefined; readonly present: P };

export async function* merged<K extends Named, P extends Named>(
  kept: AsyncIterable<K>,
  present: AsyncIterable<P>,
): AsyncGenerator<Pair<K, P>> {
  const there = present[Symbol.asyncIterator]();
  try {
    let next = await there.next();
    const sure = next.done === true;
    for await (const one of kept) {
      while (next.done !== true && sortable(next.value) < sortable(one)) {
        yield { kept: undefined, present: next.value };
        next = await there.next();
      }
      if (next.done !== true && next.value.name === one.name) {
        yield { kept: one, present: next.value };
        next = await there.next();
      } else yield { kept: one, present: undefined, sure };
    }
    for (; next.done !== true; next = await there.next()) yield { kept: undefined, present: next.value };
  } finally {
    await there.return?.();
  }
}

function sortable({ name }: Named): string {
  return sortableKey(keyOf(name));
}
