/**
 * A copy that has been asked for, until it is over: the source is asked how it goes, and the target whether it has come. Where the source is silent
 * or says that it failed, the target has the last word.
 */
import type { Millis } from "../../../model/clock.ts";
import { errorText } from "../../../model/errors.ts";
import { pause } from "../../http/backoff.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { CopyState, ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import {
  advance,
  choosesIds,
  isPassing,
  isServiceFailure,
  pauseBetweenLooks,
  type CopyRun,
} from "./copy-run.ts";
import { operationOf, targetOfStep } from "./journal.ts";
import { failed, failedCopy } from "./refusals.ts";
import { lookForCopy, verifiedStep } from "./verify.ts";
import type { Way } from "./ways.ts";
import type { CopyEnd, Wish } from "./wish.ts";

/** Composed and neural models take longer. */
const PATIENCE_FOR_LARGE = 4;

/** Looks at the target for a copy that the source says is done: seen at once, but nothing promises it. */
const LOOKS_AFTER_SUCCESS = 5;

/** Looks after a request that was not answered: with the default of 2 s between two, half a minute. */
const LOOKS_AFTER_SILENCE = 15;

/** Longest pause between these looks, ms. */
const SILENCE_PAUSE_MS: Millis = 2_000;

/** Failures in a row to reach the source, each after the client's own repetitions, until this run leaves the copy to the next one. */
const UNREACHED_LIMIT = 3;

/** Asks about the operation that `step` names until it is over. */
export async function follow(run: CopyRun, wish: Wish, way: Way, step: CopyStep): Promise<CopyEnd> {
  const { clock } = run.context;
  const operation = operationOf(step)?.id ?? "";
  const since = clock.now();
  const deadline = since + patienceFor(run, wish.model);
  let unreached = 0;
  for (let looks = 0; ; looks++) {
    const state = await stateOf(run, way, operation, step.target);
    if (state instanceof Error) {
      unreached++;
      const end = await settle(run, wish, way, step);
      if (end !== undefined) return end;
      if (unreached >= UNREACHED_LIMIT) {
        return failed(
          `${state.message} The copy ${step.target} was asked for and may still come: the next run looks for it before it asks again.`,
        );
      }
    } else {
      unreached = 0;
      const end = await ended(run, wish, way, step, state);
      if (end !== undefined) return end;
      if (clock.now() >= deadline) return await overdue(run, wish, way, step);
    }
    await pauseBetweenLooks(run, looks, since);
  }
}

/** What the state says of the copy; undefined while it goes on. */
async function ended(
  run: CopyRun,
  wish: Wish,
  way: Way,
  step: CopyStep,
  state: CopyState,
): Promise<CopyEnd | undefined> {
  switch (state.status) {
    case "notStarted":
    case "running":
      return undefined;
    case "succeeded": {
      const end = await settleSoon(run, wish, way, step);
      if (end !== undefined) return end;
      const reason = `The service says that the copy succeeded, but ${run.pair.target.name} does not have ${step.target}.`;
      await giveUp(run, step, reason);
      return failed(reason, { again: true });
    }
    case "failed": {
      // An authorisation that was handed in twice fails the second time, though the first copy may have come.
      const end = await settle(run, wish, way, step);
      if (end !== undefined) return end;
      const refusal = failedCopy(run, wish.model, state);
      await giveUp(run, step, refusal.reason);
      return refusal;
    }
    case "unknown": {
      const end = await settle(run, wish, way, step);
      if (end !== undefined) return end;
      const reason = "The service does not know the copy any more, and it has not come.";
      await giveUp(run, step, reason);
      return failed(reason, { again: true });
    }
  }
}

/** Late is not lost: the ledger keeps its name, and the next run looks for it once more before it asks anew. */
async function overdue(run: CopyRun, wish: Wish, way: Way, step: CopyStep): Promise<CopyEnd> {
  const end = await settle(run, wish, way, step);
  if (end !== undefined) return end;
  const minutes = Math.round(patienceFor(run, wish.model) / 60_000);
  const detail = `The service has worked on the copy for more than ${minutes} min (patienceMs).`;
  await advance(run, step, { state: "failed", detail });
  return failed(
    `${detail} Nothing was lost: run again; if the copy has come by then it is taken, else it is asked for anew.`,
  );
}

/** Looks for a copy of which nobody knows whether it was begun. Undefined: it was not, and never will be. */
export async function lookAfterSilence(
  run: CopyRun,
  wish: Wish,
  way: Way,
  step: CopyStep,
): Promise<CopyEnd | undefined> {
  for (let looks = 0; looks < LOOKS_AFTER_SILENCE; looks++) {
    const operation = await operationMaking(run, way, step);
    if (operation !== undefined) {
      return await follow(run, wish, way, await advance(run, step, { state: "submitted", operation }));
    }
    const end = await settle(run, wish, way, step);
    if (end !== undefined) return end;
    await pause(Math.min(run.pair.source.pollMs, SILENCE_PAUSE_MS), run.context.signal);
  }
  // A name that was perhaps only meant to be reserved is tried again; one that was handed in is used up.
  if (step.state === "authorised" && !choosesIds(run.pair.target)) return undefined;
  await giveUp(run, step, "nobody knows of this copy: its request was lost");
  return undefined;
}

async function operationMaking(run: CopyRun, way: Way, step: CopyStep): Promise<string | undefined> {
  if (!way.service.traits.listsOperations) return undefined;
  try {
    return await way.operationMaking(targetOfStep(step));
  } catch (error) {
    if (!isServiceFailure(run, error) || !isPassing(error)) throw error;
    return undefined;
  }
}

async function settleSoon(run: CopyRun, wish: Wish, way: Way, step: CopyStep): Promise<CopyEnd | undefined> {
  for (let looks = 0; looks < LOOKS_AFTER_SUCCESS; looks++) {
    const end = await settle(run, wish, way, step);
    if (end !== undefined) return end;
    await pause(run.pair.target.pollMs, run.context.signal);
  }
  return undefined;
}

/** Verifies the copy if it is there; undefined if it is not. */
export async function settle(
  run: CopyRun,
  wish: Wish,
  way: Way,
  step: CopyStep,
): Promise<CopyEnd | undefined> {
  const found = await lookForCopy(run, wish.model, step, wish.standIn);
  if (found === "absent") return undefined;
  if (found === "foreign") {
    await advance(run, step, { state: "failed", detail: "a model that is no copy of ours has this id" });
    return undefined;
  }
  if (found.retrained && !way.composes && (await hasChanged(run, wish.model))) {
    const detail = "It was trained again while it was being copied.";
    await advance(run, step, { state: "failed", detail });
    return failed(`${detail} Run again: its new state is copied then.`);
  }
  const verified = await advance(run, step, verifiedStep(found));
  return { state: "verified", step: verified, differences: found.differences };
}

/** Where the source does not answer, nothing speaks for a change. */
async function hasChanged(run: CopyRun, model: ModelDetails): Promise<boolean> {
  try {
    const now = await run.pair.source.service.details(model, run.context.signal);
    return now === undefined || versionKeyOf(now) !== versionKeyOf(model);
  } catch (error) {
    if (!isServiceFailure(run, error)) throw error;
    return false;
  }
}

async function stateOf(
  run: CopyRun,
  way: Way,
  operation: string,
  target: string,
): Promise<CopyState | Error> {
  try {
    return await way.state(operation, target);
  } catch (error) {
    if (!isServiceFailure(run, error) || !isPassing(error)) throw error;
    return error;
  }
}

function patienceFor(run: CopyRun, model: ModelDetails): Millis {
  const large = model.composed || model.buildMode === "neural";
  return run.pair.source.patienceMs * (large ? PATIENCE_FOR_LARGE : 1);
}

/** The attempt will come to nothing: the ledger says so, and what can be deleted of it is. */
export async function giveUp(run: CopyRun, step: CopyStep, detail: string): Promise<void> {
  const given = await advance(run, step, { state: "failed", detail });
  if (!choosesIds(run.pair.target)) return;
  try {
    await run.pair.target.service.remove(targetOfStep(step), run.context.signal);
    await advance(run, given, { state: "removed" });
  } catch (error) {
    if (!isServiceFailure(run, error)) throw error;
    run.context.warn?.(
      `The placeholder ${step.target} of a copy that failed stays in ${run.pair.target.name} until a later run deletes it: ${errorText(error)}`,
      step.key,
    );
  }
}
