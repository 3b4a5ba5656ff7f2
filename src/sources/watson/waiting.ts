/**
 * Waiting for a service that works on something: looking again in even intervals, and repeating what was refused because the model is busy.
 * Both are shown, can be stopped, and end: a wait without an end would hide that nothing moves any more.
 */
import type { Millis } from "../../model/clock.ts";
import { HoldfastError, isHoldfastError } from "../../model/errors.ts";
import { pause } from "../http/backoff.ts";
import type { SourceContext } from "../source.ts";

/** Time between two looks, ms. */
export const DEFAULT_POLL_MS = 10_000;

/** Longest wait for one thing, ms: four days, because an acoustic model trains as long as its audio lasts. */
export const DEFAULT_PATIENCE_MS = 345_600_000;

/** The models' status that allows one operation at a time. */
const BUSY_STATUS = 409;

export interface Wait {
  /** What is waited for, for people and as the phase of the progress: `model "Phone" to finish training`. */
  readonly what: string;
  readonly pollMs?: Millis | undefined;
  readonly patienceMs?: Millis | undefined;
}

/**
 * Looks until `look` gives something. Errors: what `look` throws; `source-unreachable` when the patience is at its end.
 */
export async function waitFor<T>(
  look: () => Promise<T | undefined>,
  wait: Wait,
  context: SourceContext,
): Promise<T> {
  const startedAt = context.clock.now();
  for (let looks = 0; ; looks++) {
    const found = await look();
    if (found !== undefined) return found;
    await pauseBetween(wait, startedAt, looks, context);
  }
}

/**
 * Does what a busy model refuses (409) again until it is accepted. `act` must be safe to repeat after a refusal. Errors: as `waitFor`.
 */
export async function whenNotBusy<T>(act: () => Promise<T>, wait: Wait, context: SourceContext): Promise<T> {
  const startedAt = context.clock.now();
  for (let tries = 0; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
    await pauseBetween(wait, startedAt, tries, context);
  }
}

function isBusy(error: unknown): boolean {
  return isHoldfastError(error) && error.context.status === BUSY_STATUS;
}

async function pauseBetween(
  { what, pollMs = DEFAULT_POLL_MS, patienceMs = DEFAULT_PATIENCE_MS }: Wait,
  startedAt: Millis,
  done: number,
  context: SourceContext,
): Promise<void> {
  const waited = context.clock.now() - startedAt;
  if (waited >= patienceMs) {
    throw new HoldfastError(
      "source-unreachable",
      `waited ${Math.round(waited / 1000)} s for ${what}, which is longer than patienceMs allows; it may still come: run the same command again`,
    );
  }
  context.progress?.({ phase: `waiting for ${what}`, done, bytes: 0 });
  await pause(pollMs, context.signal);
}
