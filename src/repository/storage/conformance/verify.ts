/**
 * Running the storage contract against a real place, as `holdfast repository verify-storage` does: below a prefix of
 * its own, so it may be done in a repository that is in use.
 */
import { randomHex } from "../../../model/clock.ts";
import { errorText } from "../../../model/errors.ts";
import type { Storage } from "../storage.ts";
import { expectThat, inParallel, listed } from "./check.ts";
import type { StorageCheck } from "./check.ts";
import { CREATE_CHECKS } from "./create-checks.ts";
import { LIST_CHECKS } from "./list-checks.ts";
import { READ_CHECKS } from "./read-checks.ts";

/** Where verification works; no object of a repository lies here. */
export const VERIFY_PREFIX = "verify/";
const RUN_ID_BYTES = 8;
const REMOVERS = 32;

export const STORAGE_CHECKS: readonly StorageCheck[] = [...CREATE_CHECKS, ...READ_CHECKS, ...LIST_CHECKS];

export interface CheckResult {
  /** The sentence of the contract. */
  readonly title: string;
  readonly ok: boolean;
  /** What was done, or what is wrong. */
  readonly detail: string;
  readonly ms: number;
}

/**
 * Runs every check in turn and yields how each went; a check that fails does not stop the next. Everything it made is
 * removed at the end, also when the caller stops listening; that it could be is the last result. Throws only on abort.
 */
export async function* verifyStorage(storage: Storage, signal?: AbortSignal): AsyncGenerator<CheckResult> {
  const prefix = `${VERIFY_PREFIX}${randomHex(RUN_ID_BYTES)}/`;
  let cleared = false;
  try {
    for (const [index, check] of STORAGE_CHECKS.entries()) {
      signal?.throwIfAborted();
      yield await runCheck(
        check.title,
        async () => await check.run(storage, `${prefix}${index}/`, signal),
        signal,
      );
    }
    cleared = true;
    yield await runCheck("lets everything be removed again", async () => await clear(storage, prefix));
  } finally {
    if (!cleared) await clear(storage, prefix);
  }
}

async function runCheck(
  title: string,
  run: () => Promise<string>,
  signal?: AbortSignal,
): Promise<CheckResult> {
  const start = performance.now();
  let ok = true;
  let detail: string;
  try {
    detail = await run();
  } catch (error) {
    signal?.throwIfAborted();
    ok = false;
    detail = errorText(error);
  }
  return { title, ok, detail, ms: Math.round(performance.now() - start) };
}

async function clear(storage: Storage, prefix: string): Promise<string> {
  const objects = await listed(storage, prefix);
  await inParallel(objects.length, REMOVERS, async (index) => {
    await storage.remove((objects[index] as { readonly path: string }).path);
  });
  const left = await listed(storage, prefix);
  expectThat(left.length === 0, `${left.length} of ${objects.length} objects are still listed.`);
  return `${objects.length} objects`;
}
