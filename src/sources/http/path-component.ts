/**
 * Names of foreign objects in the path of a request.
 */
import { HoldfastError } from "../../model/errors.ts";

/** A path component. `.` and `..` are refused: on the way they would be taken for steps and name another object. */
export function component(text: string): string {
  if (text === "" || text === "." || text === "..") {
    throw new HoldfastError(
      "target-refused",
      `"${text}" cannot be named in an address: it would mean another object.`,
    );
  }
  return encodeURIComponent(text);
}
