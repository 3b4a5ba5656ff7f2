/**
 * What the tests of segments and packs share: a keyring that is the same in every process, and versions to write.
 */
import { isHoldfastError } from "../../../src/model/errors.ts";
import { keyringOf } from "../../../src/repository/sealing/open-keyring.ts";
import { publicOf, x25519Private } from "../../../src/repository/sealing/x25519.ts";
import type { Keyring, Right } from "../../../src/repository/sealing/keyring.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { ByteRange, Storage } from "../../../src/repository/storage/storage.ts";
import type { TaskName } from "../../../src/model/task.ts";
import type { BlobRef, Observation, Version } from "../../../src/model/version.ts";

export const TASK: TaskName = "backup-000102030405060708090a0b0c0d0e0f";
export const OTHER_TASK: TaskName = "backup-ff0102030405060708090a0b0c0d0eff";
const REPOSITORY = "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf";

/** Keys of the golden vectors: 32 bytes of 0x01 (write master), 0x02 (read master), 0x03 (private data key 1). */
export function fixedKeyring(right: Right): Keyring {
  const privateKey = x25519Private(Buffer.alloc(32, 3));
  const publicKey = publicOf(privateKey);
  const write = Buffer.alloc(32, 1);
  return right === "read"
    ? keyringOf(
        { repository: REPOSITORY, write, read: Buffer.alloc(32, 2) },
        new Map([[1, { generation: 1, publicKey, privateKey }]]),
      )
    : keyringOf({ repository: REPOSITORY, write }, new Map([[1, { generation: 1, publicKey }]]));
}

export const OBSERVATION: Observation = {
  run: "00112233445566778899aabbccddeeff",
  at: 1_700_000_000_123,
  sequence: "42-g1AAAACLeJzLYWBgYMpgTmHgz8tPSTV0MDQy1zMAQsMckEQiQ1L9",
};

/** A version with what matters to a test and ordinary values for the rest. */
export function version(key: string | Buffer, more: Partial<Version> = {}): Version {
  return {
    key: Buffer.isBuffer(key) ? key : Buffer.from(key, "utf8"),
    kind: "live",
    revision: "1-967a00dff5e02add41819138abb3284d",
    observation: OBSERVATION,
    fingerprint: Buffer.from("0102030405060708", "hex"),
    parts: [Buffer.from(`{"_id":${JSON.stringify(String(key))}}`, "utf8")],
    blobs: [],
    ...more,
  };
}

export function blobRef(digit: string, more: Partial<BlobRef> = {}): BlobRef {
  return {
    part: 0,
    name: `${digit}.png`,
    blob: digit.repeat(64),
    pack: digit.repeat(32),
    length: 1_000_000_007,
    encoding: "identity",
    sha256: digit.repeat(64),
    alias: digit.repeat(32),
    ...more,
  };
}

/** `count` versions in order of key. */
export function versions(count: number, prefix = "doc"): Version[] {
  return Array.from({ length: count }, (_, i) => {
    const fingerprint = Buffer.alloc(8);
    fingerprint.writeUInt32BE(i, 4);
    return version(`${prefix}:${String(i).padStart(8, "0")}`, { fingerprint });
  });
}

export async function collect<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

export async function gather<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function storageIsEmpty(storage: Storage): Promise<boolean> {
  return (await gather(storage.list(""))).length === 0;
}

/** The storage, with `change` around every ranged or whole read. */
export function reading(
  storage: Storage,
  change: (read: () => Promise<Buffer>, path: string, range: ByteRange | undefined) => Promise<Buffer>,
): Storage {
  return {
    capabilities: storage.capabilities,
    location: storage.location,
    create: (...args) => storage.create(...args),
    read: (path, range, signal) => change(() => storage.read(path, range, signal), path, range),
    stream: (...args) => storage.stream(...args),
    stat: (...args) => storage.stat(...args),
    list: (...args) => storage.list(...args),
    remove: (...args) => storage.remove(...args),
    close: () => storage.close(),
  };
}

/** A storage that holds one object. */
export async function storageWith(path: string, bytes: Buffer): Promise<Storage> {
  const storage = memoryStorage();
  await storage.create(path, bytes);
  return storage;
}

export function flipped(bytes: Buffer, at: number, bit = at % 8): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ (1 << bit);
  return copy;
}

/** Undefined when the work failed as damage whose message names the file; any other failure is thrown on. */
export async function unlessDamaged<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error, "object-damaged", "object-missing") && error.message.includes(path))
      return undefined;
    throw error;
  }
}

/** Bytes that do not compress, the same every time. */
export function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let x = seed * 2 + 1;
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x >>> 11;
  }
  return bytes;
}
