/**
 * Durations as the configuration writes them: a number and a unit.
 */
const DURATION = /^([1-9]\d*)(ms|s|m|h)$/;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export function isDuration(text: string): boolean {
  return DURATION.test(text);
}

/** Milliseconds of a text that `isDuration` accepts. */
export function durationMs(text: string): number {
  const match = DURATION.exec(text);
  if (!match) throw new RangeError(`not a duration: ${text}`);
  return Number(match[1]) * (UNIT_MS[match[2] as string] as number);
}
