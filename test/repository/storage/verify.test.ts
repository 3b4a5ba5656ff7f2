import { collect } from "../../../src/repository/storage/conformance/check.ts";
import { describe, expect, it } from "vitest";
import { STORAGE_CHECKS, verifyStorage } from "../../../src/repository/storage/conformance/verify.ts";
import { memoryStorage } from "../../../src/repository/storage/memory.ts";
import type { CreateOutcome, ObjectStat, Storage } from "../../../src/repository/storage/storage.ts";
import { failCall, faultyStorage } from "../../faults/storage-faults.ts";

async function allPaths(storage: Storage): Promise<string[]> {
  return (await collect(storage.list(""))).map(({ path }) => path);
}

/** Titles of the checks that a storage fails. */
async function failures(storage: Storage): Promise<string[]> {
  const results = await collect(verifyStorage(storage));
  return results.filter(({ ok }) => !ok).map(({ title }) => title);
}

/** A memory storage with some of its acts replaced. */
function altered(changes: (inner: Storage) => Partial<Storage>): Storage {
  const inner = memoryStorage();
  const acts = ["create", "read", "stream", "stat", "list", "remove", "close"] as const;
  const bound = Object.fromEntries(acts.map((act) => [act, inner[act].bind(inner)])) as unknown as Storage;
  return { ...bound, capabilities: inner.capabilities, location: "altered memory", ...changes(inner) };
}

function byFolder({ path }: ObjectStat): string {
  return path.replaceAll("/", "\0");
}

const RACE = /^has exactly one winner/;

describe("verifying a storage", () => {
  it("says of each sentence of the contract whether it holds, and leaves nothing behind", async () => {
    const storage = memoryStorage();
    await storage.create("holdfast.json", Buffer.from("mine"));
    const results = await collect(verifyStorage(storage));
    expect(results.map(({ title }) => title)).toEqual([
      ...STORAGE_CHECKS.map(({ title }) => title),
      "lets everything be removed again",
    ]);
    expect(results.filter(({ ok }) => !ok).map(({ title }) => title)).toEqual([
      "streams a large object in and out in bounded memory",
    ]);
    expect(await allPaths(storage)).toEqual(["holdfast.json"]);
  });

  it("leaves nothing behind when nobody listens to the end", async () => {
    const storage = memoryStorage();
    let heard = 0;
    for await (const { ok } of verifyStorage(storage)) {
      expect(ok).toBe(true);
      heard += 1;
      if (heard === 4) break;
    }
    expect(await allPaths(storage)).toEqual([]);
  });

  it("goes on after a failure and tells it in words", async () => {
    const full = faultyStorage(memoryStorage(), failCall({ call: "create", nth: 0 }, "storage-full"));
    const [first, second] = await collect(verifyStorage(full));
    expect(first).toMatchObject({ ok: false, detail: "Injected: storage-full." });
    expect(second).toMatchObject({ ok: true });
  });

  it("ends with the reason of an abort", async () => {
    const controller = new AbortController();
    const storage = memoryStorage();
    const results = verifyStorage(storage, controller.signal);
    await results.next();
    controller.abort(new Error("enough"));
    await expect(results.next()).rejects.toThrow("enough");
    expect(await allPaths(storage)).toEqual([]);
  });

  it("finds a storage that replaces objects", async () => {
    const storage = altered((inner) => ({
      async create(path, content, signal): Promise<CreateOutcome> {
        await inner.remove(path);
        return await inner.create(path, content, signal);
      },
    }));
    expect(await failures(storage)).toContain(
      "never replaces an object: a second create says exists, whether its content differs or not",
    );
  });

  it("finds a storage that looks first and creates then", async () => {
    const storage = altered((inner) => ({
      async create(path, content, signal): Promise<CreateOutcome> {
        const there = await inner.stat(path);
        await new Promise(setImmediate);
        if (there !== undefined) return "exists";
        await inner.create(path, content, signal);
        return "created";
      },
    }));
    expect(await failures(storage)).toEqual(expect.arrayContaining([expect.stringMatching(RACE)]));
  });

  it("finds a storage that gives fewer bytes than were asked for", async () => {
    const storage = altered((inner) => ({
      async read(path, range, signal): Promise<Buffer> {
        if (range === undefined) return await inner.read(path, range, signal);
        return (await inner.read(path, undefined, signal)).subarray(
          range.offset,
          range.offset + range.length,
        );
      },
    }));
    expect(await failures(storage)).toContain(
      "says object-damaged for a range beyond the end, and never gives fewer bytes",
    );
  });

  it("finds a storage that ends its listings after the first page", async () => {
    const storage = altered((inner) => ({
      async *list(prefix, options): AsyncGenerator<ObjectStat> {
        let left = 1_000;
        for await (const object of inner.list(prefix, options)) {
          if (left-- === 0) return;
          yield object;
        }
      },
    }));
    expect(await failures(storage)).toContain("lists thousands of objects page by page, from any point on");
  });

  it("finds a storage that walks folders in order of their names", async () => {
    const storage = altered((inner) => ({
      async *list(prefix, options): AsyncGenerator<ObjectStat> {
        const objects = await collect(inner.list(prefix, options));
        yield* objects.sort((a, b) => (byFolder(a) < byFolder(b) ? -1 : 1));
      },
    }));
    expect(await failures(storage)).toContain(
      "lists every object with its size in byte order of the whole path, folders or not",
    );
  });
});
