/**
 * Times as the service writes them. The expiry of a v2.x authorisation is a number that does not always fit a double, so it is read from the text.
 */
import type { Millis } from "../../../model/clock.ts";
import { UnreadableAnswer } from "../../http/answer-failure.ts";

/** .NET counts 100 ns from the year 1; the Unix epoch in that count. */
const TICKS_AT_UNIX_EPOCH = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;
/** From here on a number is a tick count (as in the preview of April 2020); Unix seconds stay far below. */
const SMALLEST_TICKS = 10n ** 17n;
const MS_PER_SECOND = 1_000n;

/** `text`: the number as it stands in the JSON, bare or quoted; Unix seconds or .NET ticks. */
export function expiryOfTicks(text: string): Millis {
  const digits = /^"?(\d{1,19})"?$/.exec(text)?.[1];
  if (digits === undefined) throw new UnreadableAnswer("the expiry of the authorisation is no number", false);
  const value = BigInt(digits);
  const millis =
    value >= SMALLEST_TICKS ? (value - TICKS_AT_UNIX_EPOCH) / TICKS_PER_MS : value * MS_PER_SECOND;
  return Number(millis);
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)$/;

/** ISO time with up to seven fractional digits; what is below a millisecond is cut off. */
export function millisOfTime(text: unknown): Millis {
  const parts = typeof text === "string" ? TIME.exec(text) : null;
  const whole = parts === null ? Number.NaN : Date.parse(`${parts[1]}${parts[3]}`);
  if (Number.isNaN(whole)) throw new UnreadableAnswer("a time in the answer is none", false);
  return whole + Number((parts?.[2] ?? "").padEnd(3, "0").slice(0, 3));
}
