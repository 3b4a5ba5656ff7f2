import { describe, expect, it } from "vitest";
import { buildFuse, openFuse } from "../../../src/repository/segment/binary-fuse.ts";
import { taskFingerprints } from "../../../src/repository/segment/fingerprint.ts";
import { fixedKeyring, flipped, TASK } from "./rig.ts";

const marks = taskFingerprints(fixedKeyring("read"), TASK);

function hashes(count: number, prefix: string): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(count);
  const low = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const hash = marks.keyHashHalves(Buffer.from(`${prefix}:${i}`));
    high[i] = hash.high;
    low[i] = hash.low;
  }
  return { high, low };
}

function admitted(filter: Buffer, { high, low }: { high: Uint32Array; low: Uint32Array }): number {
  const { mayContain } = openFuse(filter, "a file");
  let count = 0;
  for (const [i, value] of high.entries()) if (mayContain(value, low[i] as number)) count++;
  return count;
}

describe("the key filter", () => {
  it.each([1, 2, 3, 7, 50, 999, 10_000, 200_000])("admits every one of %i keys", (count) => {
    const { high, low } = hashes(count, "in");
    const filter = buildFuse(high, low, count);
    expect(filter && admitted(filter, { high, low })).toBe(count);
  });

  it("admits at most one in a hundred of other keys, at 9 to 10 bits a key", () => {
    const count = 100_000;
    const { high, low } = hashes(count, "in");
    const filter = buildFuse(high, low, count) as Buffer;
    expect(admitted(filter, hashes(count, "out")) / count).toBeLessThan(0.01);
    expect((filter.length * 8) / count).toBeLessThan(10);
  });

  it("is not built over a hash that comes twice, rather than built wrong", () => {
    const high = Uint32Array.of(1, 1);
    const low = Uint32Array.of(2, 2);
    expect(buildFuse(high, low, 2)).toBeUndefined();
  });

  it("does not open when its head contradicts its size", () => {
    const { high, low } = hashes(100, "in");
    const filter = buildFuse(high, low, 100) as Buffer;
    expect(() => openFuse(filter.subarray(0, 11), "a file")).toThrow(/a file: its key filter is too short/);
    expect(() => openFuse(filter.subarray(0, -1), "a file")).toThrow(/contradicts itself/);
    expect(() => openFuse(flipped(filter, 7, 1), "a file")).toThrow(/contradicts itself/);
  });
});
