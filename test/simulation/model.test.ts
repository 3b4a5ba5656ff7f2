/**
 * Random histories of a task with simulated time, each from a seed. `HOLDFAST_SIMULATION_SEED=7` replays one;
 * `HOLDFAST_SIMULATION_HISTORIES=10000` runs so many, from `HOLDFAST_SIMULATION_FIRST` on.
 */
import { expect, it, vi } from "vitest";
import { History, HistoryFailed } from "./history.ts";
import { Random } from "./random.ts";

const draws = vi.hoisted(() => ({ random: undefined as { hex(digits: number): string } | undefined }));

// Ids of runs and files decide the order of listings: a seed replays only if they follow from it too.
vi.mock(import("../../src/model/clock.ts"), async (original) => {
  const real = await original();
  return { ...real, randomHex: (bytes) => draws.random?.hex(2 * bytes) ?? real.randomHex(bytes) };
});

const HISTORIES = Number(process.env["HOLDFAST_SIMULATION_HISTORIES"] ?? 200);
const FIRST = Number(process.env["HOLDFAST_SIMULATION_FIRST"] ?? 1);
const ONE = process.env["HOLDFAST_SIMULATION_SEED"];
const STEPS = 40;
/** A failing engine fails many histories; a few tell enough. */
const MAX_FAILURES = 10;
/** On a slow machine. */
const TIMEOUT_MS_PER_HISTORY = 3_000;

const seeds =
  ONE === undefined ? Array.from({ length: HISTORIES }, (_, index) => FIRST + index) : [Number(ONE)];

it(
  `in ${seeds.length} random histories from seed ${seeds[0]} every kept instant reads as its run saw it`,
  { timeout: seeds.length * TIMEOUT_MS_PER_HISTORY + 60_000 },
  async () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      draws.random = new Random(seed ^ 0x5eed);
      try {
        await new History(seed).live(STEPS);
      } catch (error) {
        if (!(error instanceof HistoryFailed)) throw error;
        failures.push(error.message);
        if (failures.length === MAX_FAILURES) break;
      }
    }
    expect(failures.join("\n\n")).toBe("");
  },
);
