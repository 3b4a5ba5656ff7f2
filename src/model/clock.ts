/**
 * Time and randomness enter the program here and nowhere else, so that tests can hold both still.
 */
import { randomBytes } from "node:crypto";

/** Milliseconds since 1970-01-01 UTC. */
export type Millis = number;

/** Source of the present time. */
export interface Clock {
  now(): Millis;
}

export const systemClock: Clock = { now: () => Date.now() };

/** `byteCount` random bytes as lower-case hex: run, segment and pack ids. */
export function randomHex(byteCount: number): string {
  return randomBytes(byteCount).toString("hex");
}

/** A number in [0, 1), for jitter only; never for keys. */
export function jitter(): number {
  return Math.random();
}
