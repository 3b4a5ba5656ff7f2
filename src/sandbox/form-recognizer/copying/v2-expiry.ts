/**
 * The expiry of a v2.x ticket on the wire: Unix seconds, as the released versions send it; or .NET ticks, as their preview did. Ticks are
 * beyond what a double holds, so they are written and read as text.
 */
import type { Millis } from "../../../model/clock.ts";

/** Ticks (100 ns) from the year 1 to 1970. */
const EPOCH_TICKS = 621_355_968_000_000_000n;
const TICKS_PER_MS = 10_000n;
/** Below the millisecond, so that a reader that rounds to a double is found out. */
const ODD_TICKS = 9_441n;
/** Values from here on are ticks: seconds reach it in three thousand million years. */
const FIRST_TICKS = 10n ** 17n;
const MEMBER = /("expirationDateTimeTicks"\s*:\s*)(-?\d+)(?=\s*[,}])/;

/** The digits to send. `expires`: whole seconds when sent as seconds. */
export function expiryDigits(expires: Millis, ticks: boolean): string {
  if (!ticks) return String(Math.floor(expires / 1000));
  return String(EPOCH_TICKS + BigInt(expires) * TICKS_PER_MS + ODD_TICKS);
}

/** The JSON text with the member's digits put in place of a number. */
export function withExpiryDigits(json: string, digits: string): string {
  return json.replace(MEMBER, `$1${digits}`);
}

/** Undefined for a body without such a whole number. Ticks that this stand-in cannot have issued are a time that no ticket has. */
export function expiryIn(json: string): Millis | undefined {
  const digits = MEMBER.exec(json)?.[2];
  if (digits === undefined) return undefined;
  const value = BigInt(digits);
  if (value < FIRST_TICKS) return Number(value) * 1000;
  const sinceEpoch = value - EPOCH_TICKS;
  const ms = Number(sinceEpoch / TICKS_PER_MS);
  return sinceEpoch % TICKS_PER_MS === ODD_TICKS ? ms : ms + 0.5;
}
