/**
 * Time spans and shares as options write them: `10m`, `30d`, `5%`.
 */
import { InvalidArgumentError } from "commander";

const SPAN = /^([1-9]\d*)(s|m|h|d)$/;
const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PERCENT = /^(\d+(?:\.\d+)?)%$/;

/** Milliseconds of `10m`, `2h`, `30d`. */
export function timeSpan(text: string): number {
  const [, count, unit = ""] = SPAN.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("Write it as 90s, 10m, 2h or 30d.");
  return Number(count) * (UNIT_MS[unit] as number);
}

/** A share of the whole, above 0 and at most 1, of `5%`. */
export function share(text: string): number {
  const percent = Number(PERCENT.exec(text)?.[1]);
  if (!(percent > 0 && percent <= 100)) throw new InvalidArgumentError("Write it as 5%, at most 100%.");
  return percent / 100;
}
