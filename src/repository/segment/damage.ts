/**
 * The one way a damaged repository file is reported: by its path, with what was being read from it.
 */
import { HoldfastError } from "../../model/errors.ts";

/** `what` continues the sentence "<path>: …", e.g. "block 3 has 12 records instead of 13". */
export function damaged(path: string, what: string, cause?: unknown): HoldfastError {
  const [, task] = path.split("/");
  return new HoldfastError("object-damaged", `${path}: ${what}.`, task ? { path, task } : { path }, cause);
}
