/** What the tests of sealing share: a repository in memory with cheap slots, a still clock, failures as values. */
import type { Clock } from "../../../src/model/clock.ts";
import { HoldfastError } from "../../../src/model/errors.ts";
import { initRepository } from "../../../src/repository/init-repository.ts";
import type { Keyring, Right } from "../../../src/repository/sealing/keyring.ts";
import type { Credential, KdfCost, NewSlot } from "../../../src/repository/sealing/slots.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { Storage } from "../../../src/repository/storage/storage.ts";
import { collect } from "../../../src/repository/storage/conformance/check.ts";

/** As little as Argon2 allows: these tests prove no hardness. */
export const CHEAP: KdfCost = { memoryKiB: 8, passes: 1, parallelism: 1 };

export const clock: Clock = { now: () => Date.parse("2026-03-01T12:00:00Z") };

export function phrase(passphrase: string, right: Right = "read", label = passphrase): NewSlot {
  return { kind: "passphrase", passphrase, right, label, kdf: CHEAP };
}

export function withPhrase(passphrase: string): Credential {
  return { kind: "passphrase", passphrase };
}

export async function newRepository(
  slots: readonly NewSlot[] = [phrase("open sesame")],
  storage: Storage = memoryStorage(),
): Promise<{ readonly storage: Storage; readonly keyring: Keyring; readonly id: string }> {
  const { keyring, file } = await initRepository(storage, { slots, clock });
  return { storage, keyring, id: file.repository };
}

export async function pathsIn(storage: Storage): Promise<string[]> {
  return (await collect(storage.list(""))).map(({ path }) => path);
}

/** Every object with its bytes: to prove that a refused call changed nothing. */
export async function contentOf(storage: Storage): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const path of await pathsIn(storage)) content[path] = (await storage.read(path)).toString("base64");
  return content;
}

/** What `act` threw, when it is one of ours. */
export async function failure(act: Promise<unknown>): Promise<HoldfastError> {
  try {
    await act;
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

/** Puts other bytes in the place of an object, as only an attacker or a broken disk does. */
export async function overwrite(storage: Storage, path: string, content: string | Buffer): Promise<void> {
  await storage.remove(path);
  await storage.create(path, Buffer.from(content));
}

/** Changes a field of a JSON object in the repository. */
export async function alter(storage: Storage, path: string, change: Record<string, unknown>): Promise<void> {
  const json = JSON.parse((await storage.read(path)).toString()) as Record<string, unknown>;
  await overwrite(storage, path, JSON.stringify({ ...json, ...change }));
}
