/**
 * Reading the small plain objects of a repository: never more than such an object can be, whatever lies there.
 */
import { HoldfastError } from "../../model/errors.ts";
import { SMALL_OBJECT_BYTES } from "../repository-file.ts";
import type { Storage } from "../storage/storage.ts";

/** Errors: `object-missing`; `object-damaged` when it is too large to be one of ours. */
export async function readSmallObject(storage: Storage, path: string, signal?: AbortSignal): Promise<Buffer> {
  const found = await storage.stat(path, signal);
  if (found !== undefined && found.size > SMALL_OBJECT_BYTES) {
    throw new HoldfastError(
      "object-damaged",
      `Refused reading ${path} in ${storage.location}: ${found.size} bytes are too many for such an object.`,
      { path },
    );
  }
  return await storage.read(path, undefined, signal);
}
