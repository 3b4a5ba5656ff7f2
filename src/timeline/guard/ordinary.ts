/**
 * What is ordinary for a task, by its own history. Two ways lead there: what the task does again and again (the median of the
 * newest runs and a multiple of how far they lie apart), and what it has done once without being marked, or with a person's
 * word that it was expected (a weekly batch, a quarterly import). A mark alone makes no precedent, so an attack that
 * is repeated is marked again, until it has become what the task mostly does.
 */

/** Fewer runs than this say nothing about what is usual. */
const MIN_USUAL_RUNS = 5;
/** Runs that are looked at for what is usual: two weeks of daily ones, so that a new habit is learnt in about a week. */
const USUAL_RUNS = 15;
/** The median absolute deviation times this estimates a normal distribution's standard deviation. */
const MAD_TO_SIGMA = 1.4826;
/** So many standard deviations are left to chance: one run in a billion of a normal distribution. */
const SIGMAS = 6;
/** How much more than before may happen on the next occasion. */
const PRECEDENT_MARGIN = 1.25;
/** Of a share that lies near one, at least this part of what was left alone must be left alone again. */
const SPARED_SHARE = 0.25;
const SPARED_OF_PRECEDENT = 0.75;

/** One earlier run's value. */
export interface Past {
  readonly value: number;
  readonly marked: boolean;
}

/** The most that is ordinary; 0 when the past says nothing. `past`: oldest first. */
export function mostOrdinary(past: readonly Past[]): number {
  return Math.max(usual(past), PRECEDENT_MARGIN * precedent(past));
}

/** As `mostOrdinary` for shares, which cannot exceed one: however much is usual, everything is more than that. */
export function mostOrdinaryShare(past: readonly Past[]): number {
  const middle = past.length < MIN_USUAL_RUNS ? 0 : median(newest(past));
  const before = precedent(past);
  return Math.max(
    Math.min(usual(past), 1 - (1 - middle) * SPARED_SHARE),
    Math.min(PRECEDENT_MARGIN * before, 1 - (1 - before) * SPARED_OF_PRECEDENT),
  );
}

/** 0 for no values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** The largest value that was not marked. */
function precedent(past: readonly Past[]): number {
  return past.reduce((most, { value, marked }) => (marked ? most : Math.max(most, value)), 0);
}

function usual(past: readonly Past[]): number {
  if (past.length < MIN_USUAL_RUNS) return 0;
  const values = newest(past);
  const middle = median(values);
  const deviation = median(values.map((value) => Math.abs(value - middle)));
  return middle + SIGMAS * MAD_TO_SIGMA * deviation;
}

function newest(past: readonly Past[]): number[] {
  return past.slice(-USUAL_RUNS).map(({ value }) => value);
}
