/**
 * Keys of the simulation as text, in the order that the engine has them in.
 */
import { compareKeys, keyOf } from "../../src/model/key.ts";

/** In the order of the keys' bytes. */
export function sortedKeys(keys: Iterable<string>): string[] {
  return [...keys].sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
}
