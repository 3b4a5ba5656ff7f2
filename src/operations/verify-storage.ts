/**
 * `repository verify-storage`: the suite that every storage backend has to pass, run on the user's own storage.
 */
import { openFolder } from "../repository/storage/folder.ts";
import { verifyStorage, type CheckResult } from "../repository/storage/conformance/verify.ts";
import { signalOf, type Hooks } from "./hooks.ts";

/** Works under a prefix of its own and removes what it made. A check that fails is a verdict, not an error. */
export async function* verifyStorageAt(
  place: { readonly folder: string },
  hooks: Hooks = {},
): AsyncGenerator<CheckResult> {
  const storage = openFolder(place.folder);
  try {
    yield* verifyStorage(storage, signalOf(hooks));
  } finally {
    await storage.close();
  }
}
