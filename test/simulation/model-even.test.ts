/**
 * Random histories of a task with simulated time, those of even seeds: see histories.ts for how to replay one or to live many.
 */
import { expect, it, vi } from "vitest";
import { failuresAmong, seedsOf, timeoutFor } from "./histories.ts";
import { Random } from "./random.ts";

const draws = vi.hoisted(() => ({ random: undefined as { hex(digits: number): string } | undefined }));

// Ids of runs and files decide the order of listings: a seed replays only if they follow from it too.
vi.mock(import("../../src/model/clock.ts"), async (original) => {
  const real = await original();
  return { ...real, randomHex: (bytes) => draws.random?.hex(2 * bytes) ?? real.randomHex(bytes) };
});

const seeds = seedsOf(0);

it(
  `in ${seeds.length} random histories of even seeds every kept instant reads as its run saw it`,
  { timeout: timeoutFor(seeds) },
  async () => {
    const failures = await failuresAmong(seeds, (seed) => {
      draws.random = new Random(seed ^ 0x5eed);
    });
    expect(failures.join("\n\n")).toBe("");
  },
);
