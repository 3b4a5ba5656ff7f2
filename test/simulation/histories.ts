/**
 * Which random histories are lived, and what is told of those that fail. `HOLDFAST_SIMULATION_SEED=7` replays one;
 * `HOLDFAST_SIMULATION_HISTORIES=10000` lives so many, from seed `HOLDFAST_SIMULATION_FIRST` on; `HOLDFAST_SIMULATION_STEPS` makes them
 * longer than in CI. Odd and even seeds are in
 * test files of their own, so that two cores share them.
 */
import { History, HistoryFailed } from "./history.ts";

const HISTORIES = Number(process.env["HOLDFAST_SIMULATION_HISTORIES"] ?? 200);
const FIRST = Number(process.env["HOLDFAST_SIMULATION_FIRST"] ?? 1);
const ONE = process.env["HOLDFAST_SIMULATION_SEED"];
const STEPS = Number(process.env["HOLDFAST_SIMULATION_STEPS"] ?? 32);
/** A failing engine fails many histories; a few tell enough. */
const MAX_FAILURES = 10;
/** A long run says how far it is after so many histories; CI has fewer. */
const TOLD_EVERY = 200;
/** On a slow machine that does other things as well. */
const TIMEOUT_MS_PER_HISTORY = 5_000;

export function seedsOf(parity: 0 | 1): readonly number[] {
  const all =
    ONE === undefined ? Array.from({ length: HISTORIES }, (_, index) => FIRST + index) : [Number(ONE)];
  return all.filter((seed) => seed % 2 === parity);
}

export function timeoutFor(seeds: readonly number[]): number {
  return seeds.length * TIMEOUT_MS_PER_HISTORY + 60_000;
}

/** What failed, each with the command that replays it; nothing else is told. `begin`: called before each history. */
export async function failuresAmong(
  seeds: readonly number[],
  begin: (seed: number) => void,
): Promise<string[]> {
  const failures: string[] = [];
  for (const [index, seed] of seeds.entries()) {
    if (index > 0 && index % TOLD_EVERY === 0)
      process.stderr.write(`${index} histories, before seed ${seed}\n`);
    begin(seed);
    try {
      await new History(seed).live(STEPS);
    } catch (error) {
      if (!(error instanceof HistoryFailed)) throw error;
      // At once: a long run is not worth waiting for when it fails early.
      process.stderr.write(`${error.message}\n\n`);
      failures.push(error.message);
      if (failures.length === MAX_FAILURES) break;
    }
  }
  return failures;
}
