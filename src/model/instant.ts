/**
 * Instants as people write them: `latest`, `latest~2`, an ISO date or time, `2h ago`.
 *
 * A time names the newest kept instant at or before it: the state as it was known then.
 */
import type { Millis } from "./clock.ts";
import { HoldfastError } from "./errors.ts";

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const LATEST = /^latest(?:~(\d+))?$/;
const AGO = /^(\d+)\s*(s|m|h|d|w)[a-z]*\s+ago$/;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DAY_MS = 86_400_000;

/** Kept instants, ascending, ms UTC. */
export interface Instants {
  /** All of them: a time names the newest of these at or before it. */
  readonly all: readonly Millis[];
  /** Those that `latest~n` counts. */
  readonly counted: readonly Millis[];
}

/**
 * The instant that `text` names. A bare date means the end of that day, UTC.
 * Errors: `instant-unknown` when it is not a time or lies before the first instant.
 */
export function resolveInstant(text: string, { all, counted }: Instants, now: Millis): Millis {
  const latest = LATEST.exec(text);
  if (latest) {
    const instant = counted[counted.length - 1 - Number(latest[1] ?? 0)];
    if (instant === undefined) {
      throw new HoldfastError(
        "instant-unknown",
        `"${text}" goes back further than the ${counted.length} kept instants.`,
      );
    }
    return instant;
  }
  const time = parseTime(text, now);
  const instant = all.findLast((candidate) => candidate <= time);
  if (instant === undefined) {
    const first = all[0];
    const since =
      first === undefined ? "no instant is kept yet" : `the first kept instant is ${formatInstant(first)}`;
    throw new HoldfastError(
      "instant-unknown",
      `Nothing was kept at ${new Date(time).toISOString()}: ${since}.`,
    );
  }
  return instant;
}

/** The point in time that `text` means, where `instant` is what `resolveInstant` found for it. */
export function timeMeant(text: string, instant: Millis, now: Millis): Millis {
  return LATEST.test(text) ? instant : parseTime(text, now);
}

/** A point in time in ms UTC. Errors: `instant-unknown` when the text is not a time. */
export function parseTime(text: string, now: Millis): Millis {
  if (text === "now") return now;
  const ago = AGO.exec(text);
  if (ago) return now - Number(ago[1]) * (UNIT_MS[ago[2] as string] as number);
  const parsed = Date.parse(DATE.test(text) ? `${text}T00:00:00Z` : text);
  if (Number.isNaN(parsed) || !/^\d{4}-/.test(text)) {
    throw new HoldfastError(
      "instant-unknown",
      `"${text}" is not a time: write latest, latest~2, 2026-11-21, 2026-11-21T10:00:00Z or "2h ago".`,
    );
  }
  return DATE.test(text) ? parsed + DAY_MS - 1 : parsed;
}

/** ISO 8601 UTC in whole seconds, as instants are. */
export function formatInstant(instant: Millis): string {
  return new Date(instant).toISOString().replace(".000Z", "Z");
}
