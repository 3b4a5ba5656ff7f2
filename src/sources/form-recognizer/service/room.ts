/**
 * How many models there are and may be, as every generation writes it.
 */
import { numberIn, objectIn } from "./bounded-answer.ts";

export function roomIn(value: unknown): { readonly count: number; readonly limit: number } {
  const facts = objectIn(value);
  return { count: numberIn(facts, "count"), limit: numberIn(facts, "limit") };
}
