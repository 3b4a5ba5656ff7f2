/**
 * Durations of policies: `1d`, `6h`, `30m`, `2w`, or as ISO 8601 writes them, `P1D`, `PT6H`, `P1W`. Months and years are no
 * durations: they differ in length.
 */
import type { Millis } from "../clock.ts";

const SHORT = /^([1-9]\d*)([smhdw])$/;
const ISO = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const ISO_UNITS = ["w", "d", "h", "m", "s"] as const;

/** Undefined for what is no duration, and for one of no length. */
export function parsePeriod(text: string): Millis | undefined {
  const short = SHORT.exec(text);
  if (short) return Number(short[1]) * UNIT_MS[short[2] as keyof typeof UNIT_MS];
  const iso = ISO.exec(text);
  if (!iso) return undefined;
  const total = ISO_UNITS.reduce((sum, unit, index) => sum + Number(iso[index + 1] ?? 0) * UNIT_MS[unit], 0);
  return total > 0 ? total : undefined;
}

/** As a person writes it: the largest unit that fits. */
export function periodText(period: Millis): string {
  const unit = ISO_UNITS.find((name) => period % UNIT_MS[name] === 0);
  return unit === undefined ? `${period}ms` : `${period / UNIT_MS[unit]}${unit}`;
}
