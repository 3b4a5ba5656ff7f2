/**
 * Reading what may be damaged, for those who can do without it.
 */
import { isHoldfastError } from "../model/errors.ts";

/** Undefined for what is damaged or not there. Errors: `storage-*`. */
export async function ifIntact<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing")) return undefined;
    throw error;
  }
}
