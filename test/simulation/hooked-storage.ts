/**
 * A storage whose every call passes through a hook: to be watched, put in order among others, or put to sleep.
 */
import type { ByteRange, CreateOutcome, ObjectStat, Storage } from "../../src/repository/storage/storage.ts";

export type StorageCall = "create" | "read" | "stream" | "stat" | "list" | "remove";

/** `act` carries the call out; of `stream` and `list` only their beginning. */
export type StorageHook = <T>(call: StorageCall, path: string, act: () => Promise<T>) => Promise<T>;

export function hookedStorage(inner: Storage, hook: StorageHook): Storage {
  return {
    capabilities: inner.capabilities,
    location: inner.location,
    create: async (path: string, content: Buffer | AsyncIterable<Buffer>, signal?: AbortSignal) =>
      await hook<CreateOutcome>("create", path, async () => await inner.create(path, content, signal)),
    read: async (path: string, range?: ByteRange, signal?: AbortSignal) =>
      await hook("read", path, async () => await inner.read(path, range, signal)),
    async *stream(path: string, range?: ByteRange, signal?: AbortSignal) {
      await hook("stream", path, async () => {});
      yield* inner.stream(path, range, signal);
    },
    stat: async (path: string, signal?: AbortSignal) =>
      await hook<ObjectStat | undefined>("stat", path, async () => await inner.stat(path, signal)),
    async *list(prefix: string, options?: Parameters<Storage["list"]>[1]) {
      await hook("list", prefix, async () => {});
      yield* inner.list(prefix, options);
    },
    remove: async (path: string, signal?: AbortSignal) => {
      await hook("remove", path, async () => {
        await inner.remove(path, signal);
      });
    },
    close: async () => {
      await inner.close();
    },
  };
}
