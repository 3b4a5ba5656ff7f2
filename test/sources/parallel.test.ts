import { setImmediate as tick } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inParallel } from "../../src/sources/parallel.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) yield number;
}

async function* refuseOne(number: number): AsyncGenerator<number> {
  await tick();
  if (number === 1) throw new Error("refused");
  await tick();
  yield number;
}

describe("several generators at a time", () => {
  it("runs no more than it may, and hands every result over", async () => {
    let running = 0;
    let most = 0;
    async function* work(number: number): AsyncGenerator<number> {
      most = Math.max(most, ++running);
      yield number;
      await tick();
      yield number + 100;
      running--;
    }
    const results: number[] = [];
    const parallel = { elements: numbers(10), work, atOnce: 3, stop: () => undefined };
    for await (const result of inParallel(parallel)) results.push(result);
    expect(new Set(results).size).toBe(20);
    expect(most).toBe(3);
  });

  it("throws what one of them throws, after all that the others have done", async () => {
    const results: number[] = [];
    const stopping = new AbortController();
    const run = async (): Promise<void> => {
      const stop = stopping.abort.bind(stopping);
      const parallel = { elements: numbers(9), work: refuseOne, atOnce: 2, stop };
      for await (const result of inParallel(parallel)) results.push(result);
    };
    await expect(run()).rejects.toThrow("refused");
    expect(results).toEqual([0]);
    expect(stopping.signal.aborted).toBe(false);
  });

  it("ends what is under way when nobody reads on", async () => {
    const stopping = new AbortController();
    let begun = 0;
    async function* work(number: number): AsyncGenerator<number> {
      begun++;
      yield number;
      while (!stopping.signal.aborted) await tick();
    }
    const stop = (): void => {
      stopping.abort();
    };
    for await (const _ of inParallel({ elements: numbers(9), work, atOnce: 2, stop })) break;
    expect(stopping.signal.aborted).toBe(true);
    expect(begun).toBe(2);
  });
});
