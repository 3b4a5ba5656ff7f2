import { describe, expect, test } from "vitest";
import { inParallel } from "../../../../src/sources/couchdb/restore/in-parallel.ts";

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) yield i;
}

const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe("inParallel", () => {
  test("keeps the order of the items and the width, whatever each takes", async () => {
    let underWay = 0;
    let most = 0;
    const results: number[] = [];
    const work = async (n: number): Promise<number> => {
      most = Math.max(most, ++underWay);
      await later((n * 7) % 5);
      underWay--;
      return n;
    };
    for await (const n of inParallel(numbers(30), 4, work)) results.push(n);
    expect(results).toEqual(Array.from({ length: 30 }, (_, i) => i));
    expect(most).toBe(4);
  });

  test("begins nothing new after a failure, and ends what is under way before it throws", async () => {
    const begun: number[] = [];
    const ended: number[] = [];
    const work = async (n: number): Promise<void> => {
      begun.push(n);
      await later(n === 3 ? 1 : 10);
      if (n === 3) throw new Error("three");
      ended.push(n);
    };
    const all = async (): Promise<void> => {
      for await (const _ of inParallel(numbers(30), 3, work)) await later(0);
    };
    await expect(all()).rejects.toThrow("three");
    expect(begun.length).toBeLessThan(8);
    expect(ended).toEqual(begun.filter((n) => n !== 3));
  });

  test("ends what is under way when nobody wants more", async () => {
    let underWay = 0;
    const work = async (n: number): Promise<number> => {
      underWay++;
      await later(5);
      underWay--;
      return n;
    };
    for await (const n of inParallel(numbers(30), 4, work)) if (n === 2) break;
    expect(underWay).toBe(0);
  });
});
