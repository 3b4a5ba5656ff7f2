/**
 * Lengths as the services' limits count them.
 */

/** Code points. */
export function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
