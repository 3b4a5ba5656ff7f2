/**
 * Ids of runs and restores.
 */
import { randomHex, type Millis } from "../model/clock.ts";

/** Time first, so that byte order is order of time: 12 hex digits of ms, 20 random. */
export function newTimedId(now: Millis): string {
  return now.toString(16).padStart(12, "0") + randomHex(10);
}
