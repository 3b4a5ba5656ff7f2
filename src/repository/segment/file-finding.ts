/**
 * What checking a segment or a pack may find. Damage is reported, never thrown; a storage that fails is thrown.
 */
import { isHoldfastError } from "../../model/errors.ts";

export interface FileFinding {
  readonly code: "object-missing" | "object-damaged";
  /** Names the file and what is wrong with it. */
  readonly message: string;
  /** The items or blobs concerned, by name, range or number; empty when none is lost by it. */
  readonly items: readonly string[];
}

/** The finding for a thrown damage; everything else is thrown on. */
export function findingOf(error: unknown, items: readonly string[]): FileFinding {
  if (isHoldfastError(error, "object-damaged"))
    return { code: "object-damaged", message: error.message, items };
  if (isHoldfastError(error, "object-missing"))
    return { code: "object-missing", message: error.message, items };
  // A header of another version where this one was written is damage, not a newer repository.
  if (isHoldfastError(error, "repository-newer"))
    return { code: "object-damaged", message: error.message, items };
  throw error;
}
