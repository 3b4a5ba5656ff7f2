/**
 * Ids of runs and restores.
 */
import { randomHex, type Millis } from "../model/clock.ts";

/** Time first, so that byte order is order of time: 12 hex digits of ms, 20 random. */
export function newTimedId(now: Millis): string {
  return now.toString(16).padStart(TIME_DIGITS, "0") + randomHex(10);
}

const TIME_DIGITS = 12;

/** When an id was made, by its maker's clock. */
export function timeOfId(id: string): Millis {
  return Number.parseInt(id.slice(0, TIME_DIGITS), 16);
}
