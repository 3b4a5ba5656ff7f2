/**
 * The storage contract as checks that can be run against any storage: by the test suite against every backend, and by
 * a user against his own bucket or share. A check's title is the sentence of the contract that it proves.
 */
import { HoldfastError, errorText, isHoldfastError } from "../../../model/errors.ts";
import type { ErrorCode } from "../../../model/error-codes.ts";
import type { ObjectStat, Storage } from "../storage.ts";

export interface StorageCheck {
  readonly title: string;
  /**
   * Throws when the storage breaks the sentence; else says in a few words what was done. Works below `prefix`, which
   * ends with `/` and holds nothing, and may leave objects there.
   */
  run(storage: Storage, prefix: string, signal?: AbortSignal): Promise<string>;
}

/** Throws unless `holds`. `broken`: what was seen instead of what the contract says. */
export function expectThat(holds: boolean, broken: string): asserts holds {
  if (!holds) throw new HoldfastError("storage-failed", broken);
}

/** Throws unless `act` fails with one of these codes. */
export async function expectFailure(
  act: Promise<unknown>,
  what: string,
  ...codes: ErrorCode[]
): Promise<void> {
  let seen: string;
  try {
    await act;
    seen = "succeeded";
  } catch (error) {
    if (isHoldfastError(error, ...codes)) return;
    seen = `failed with: ${errorText(error)}`;
  }
  throw new HoldfastError("storage-failed", `${what} ${seen}; it has to fail with ${codes.join(" or ")}.`);
}

export async function expectNothing(storage: Storage, path: string, when: string): Promise<void> {
  expectThat((await storage.stat(path)) === undefined, `stat shows the object ${when}.`);
  expectThat((await listed(storage, path)).length === 0, `The listing shows the object ${when}.`);
  await expectFailure(storage.read(path), `Reading the object ${when}`, "object-missing");
}

/** Everything that `source` yields. (`Array.fromAsync` is not in TypeScript's library for ES2024.) */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

export async function listed(storage: Storage, prefix: string, after?: string): Promise<ObjectStat[]> {
  return await collect(storage.list(prefix, after === undefined ? {} : { after }));
}

/** `count` acts, at most `atOnce` of them at the same time. */
export async function inParallel(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Bytes that differ from place to place and from one seed to another, so that a shifted or mixed read shows. */
export function patternBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  // A linear congruential sequence (the constants of Numerical Recipes); its high byte has no short period.
  let state = seed >>> 0;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
