/**
 * What the copies of one run share: the pair, what is known of its copies, and what the service has taught since the run began.
 */
import type { Millis } from "../../../model/clock.ts";
import { isHoldfastError, type HoldfastError } from "../../../model/errors.ts";
import { pause } from "../../http/backoff.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { SourceContext } from "../../source.ts";
import type { ModelRef } from "../keys.ts";
import type { CopySide, Pair } from "./face.ts";
import { Journal } from "./journal.ts";

export interface CopyRun {
  readonly pair: Pair;
  readonly journal: Journal;
  readonly context: SourceContext;
  /** Ids that models of the target have which may be anybody's. */
  readonly isTaken: (target: ModelRef) => boolean;
  readonly learnt: {
    /** The service demanded the consent that the person has given: the next copies are asked for with it at once. */
    degrade: boolean;
  };
}

/** `isTaken`: what the target is known to hold; an id that the ledger names is taken anyway. */
export function copyRun(
  pair: Pair,
  context: SourceContext,
  isTaken: (target: ModelRef) => boolean = () => false,
): CopyRun {
  return { pair, journal: new Journal(pair.ledger), context, isTaken, learnt: { degrade: false } };
}

/** From here on looks are farther apart, ms after the first one. */
const SLOWER_AFTER_MS: Millis = 30_000;

/** How much farther. With the default of 2 s that is 5 s. */
const SLOWER_BY = 2.5;

/** No own wait between two looks is longer, ms. */
const LONGEST_PAUSE_MS: Millis = 10_000;

/** Waits between two looks at something that began `since`. The first look comes sooner: many copies are done in a second. */
export async function pauseBetweenLooks(run: CopyRun, looks: number, since: Millis): Promise<void> {
  const { pollMs } = run.pair.source;
  const slow = run.context.clock.now() - since >= SLOWER_AFTER_MS;
  const wanted = looks === 0 ? pollMs / 2 : slow ? Math.min(pollMs * SLOWER_BY, LONGEST_PAUSE_MS) : pollMs;
  // Who has configured a longer time than ours gets it.
  await pause(looks === 0 ? wanted : Math.max(wanted, pollMs), run.context.signal);
}

/** Records the next state of a copy. What is known of it is kept unless it is said anew; why it once failed is not. */
export async function advance(run: CopyRun, step: CopyStep, next: Partial<CopyStep>): Promise<CopyStep> {
  const { detail: _past, ...known } = step;
  return await run.journal.record({ ...known, ...next, at: run.context.clock.now() });
}

/** Whether the service (not the ledger, and not a person who stops the run) is what failed. */
export function isServiceFailure(run: CopyRun, error: unknown): error is HoldfastError {
  run.context.signal.throwIfAborted();
  return isHoldfastError(
    error,
    "source-unreachable",
    "source-throttled",
    "source-unauthorized",
    "source-forbidden",
    "source-not-found",
    "source-protocol",
    "target-refused",
    "config-invalid",
  );
}

/** Credentials that do not work fail every further copy in the same way. */
export function isDeniedAccess(error: unknown): boolean {
  return isHoldfastError(error, "source-unauthorized", "source-forbidden");
}

/** Whether the same request may succeed a little later. */
export function isPassing(error: unknown): boolean {
  return isHoldfastError(error, "source-unreachable", "source-throttled");
}

/** v2.x chooses ids, and what it has authorised is there to be seen and deleted. */
export function choosesIds({ service }: CopySide): boolean {
  return service.traits.choosesIds;
}
