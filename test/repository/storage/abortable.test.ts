import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { abortable } from "../../../src/repository/storage/abortable.ts";
import { collect } from "../../../src/repository/storage/conformance/check.ts";

interface Watched {
  readonly source: AsyncGenerator<number>;
  released: boolean;
}

function counting(upTo: number, after?: () => Promise<void>): Watched {
  const watched: { source?: AsyncGenerator<number>; released: boolean } = { released: false };
  watched.source = (async function* () {
    try {
      for (let number = 1; number <= upTo; number++) yield number;
      await after?.();
    } finally {
      watched.released = true;
    }
  })();
  return watched as Watched;
}

describe("an abortable stream", () => {
  it("is the stream itself, with and without a signal", async () => {
    expect(await collect(abortable(counting(3).source))).toEqual([1, 2, 3]);
    expect(await collect(abortable(counting(3).source, new AbortController().signal))).toEqual([1, 2, 3]);
  });

  it("passes the source's failure on", async () => {
    const failing = counting(1, async () => await Promise.reject(new Error("broken")));
    await expect(collect(abortable(failing.source, new AbortController().signal))).rejects.toThrow("broken");
  });

  it("ends at once on an abort though the source never answers", async () => {
    const controller = new AbortController();
    const hanging = counting(1, async () => await new Promise<never>(() => undefined));
    const reading = collect(abortable(hanging.source, controller.signal));
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await expect(reading).rejects.toThrow("enough");
  });

  it("lets the source go when nobody reads on", async () => {
    const watched = counting(3);
    for await (const number of abortable(watched.source, new AbortController().signal))
      if (number === 2) break;
    expect(watched.released).toBe(true);
  });

  it("holds none of the pieces that have passed", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const passed: WeakRef<Buffer>[] = [];
    const source = (async function* () {
      for (let count = 0; count < 50; count++) yield Buffer.alloc(1_000);
    })();
    for await (const piece of abortable(source, new AbortController().signal)) {
      passed.push(new WeakRef(piece));
      // A weak reference holds its object until the turn that made it is over.
      await setImmediate();
      if (passed.length < 50) continue;
      collectGarbage();
      expect(passed.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(5);
    }
  });

  it("asks the source for nothing when the signal is aborted before", async () => {
    const watched = counting(3);
    await expect(collect(abortable(watched.source, AbortSignal.abort(new Error("no"))))).rejects.toThrow(
      "no",
    );
    expect((await watched.source.next()).value).toBe(1);
  });
});
