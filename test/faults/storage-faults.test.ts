import { collect } from "../../src/repository/storage/conformance/check.ts";
import { describe, expect, it } from "vitest";
import { memoryStorage } from "../../src/repository/storage/memory.ts";
import type { Storage } from "../../src/repository/storage/storage.ts";
import {
  cutRead,
  emptyList,
  failCall,
  faultyStorage,
  loseAnswer,
  staleList,
  sweepCalls,
  truncatedList,
} from "./storage-faults.ts";

const CONTENT = Buffer.from("0123456789");

async function paths(storage: Storage): Promise<string[]> {
  return (await collect(storage.list(""))).map(({ path }) => path);
}

describe("a storage with faults", () => {
  it("fails exactly the call it was told to, before anything is done", async () => {
    const storage = faultyStorage(
      memoryStorage(),
      failCall({ call: "create", nth: 1, times: 2 }, "storage-full"),
    );
    expect(await storage.create("a", CONTENT)).toBe("created");
    await expect(storage.create("b", CONTENT)).rejects.toMatchObject({ code: "storage-full" });
    await expect(storage.create("c", CONTENT)).rejects.toMatchObject({ code: "storage-full" });
    expect(await storage.create("d", CONTENT)).toBe("created");
    expect(await paths(storage.inner)).toEqual(["a", "d"]);
  });

  it("loses an answer after the write has happened", async () => {
    const storage = faultyStorage(memoryStorage(), loseAnswer({ nth: 0 }));
    await expect(storage.create("a", CONTENT)).rejects.toMatchObject({ code: "storage-failed" });
    expect(await storage.read("a")).toEqual(CONTENT);
  });

  it("cuts a read and a stream short without an error", async () => {
    const storage = faultyStorage(memoryStorage(), cutRead({ nth: 1, times: 2 }, 4));
    await storage.create("a", CONTENT);
    expect((await storage.read("a")).toString()).toBe("0123");
    expect(Buffer.concat(await collect(storage.stream("a"))).toString()).toBe("0123");
    expect(await storage.read("a")).toEqual(CONTENT);
  });

  it("lists stale, empty and truncated", async () => {
    const inner = memoryStorage();
    for (const path of ["a", "b", "c"]) await inner.create(path, CONTENT);
    const storage = faultyStorage(
      inner,
      staleList({ call: "list", nth: 0 }),
      emptyList({ call: "list", nth: 1 }),
      truncatedList({ call: "list", nth: 2 }, 1),
    );
    await storage.create("d", CONTENT);
    expect(await paths(storage)).toEqual(["a", "b", "c"]);
    expect(await paths(storage)).toEqual([]);
    expect(await paths(storage)).toEqual(["a"]);
    expect(await paths(storage)).toEqual(["a", "b", "c", "d"]);
  });

  it("sweeps a fault over every call of an operation", async () => {
    const struck: string[] = [];
    const swept = await sweepCalls({
      makeStorage: memoryStorage,
      run: async (storage) => {
        await storage.create("a", CONTENT);
        await storage.stat("a");
        await storage.remove("a");
      },
      check: async (storage, run) => {
        expect(run.error).toMatchObject({ code: "storage-failed" });
        struck.push(`${run.struck?.call} leaves ${(await paths(storage)).join() || "nothing"}`);
      },
    });
    expect(swept).toBe(3);
    expect(struck).toEqual(["create leaves nothing", "stat leaves a", "remove leaves a"]);
  });
});
