/**
 * Finding out what an account may do by doing something that changes nothing.
 */
import { errorText, isHoldfastError } from "../model/errors.ts";
import type { SourceCheck } from "./source.ts";

export type Ability = SourceCheck["abilities"][number];

/** `use`: what the ability is good for. Errors: what says that the service itself is in trouble, or that the check has failed. */
export async function attempt(name: string, use: string, act: () => Promise<unknown>): Promise<Ability> {
  try {
    await act();
    return { name, ok: true, detail: use };
  } catch (error) {
    if (!isHoldfastError(error, "source-forbidden", "source-not-found", "source-protocol")) throw error;
    return { name, ok: false, detail: `${use}: ${errorText(error)}` };
  }
}
