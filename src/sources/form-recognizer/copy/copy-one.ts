/**
 * One copy, from whatever the ledger knows of it to a verified model in the target. Every step is in the ledger before the next is taken, so that a
 * run that was killed at any point is continued: what may have arrived is looked for before anything is asked for again. Authorisations are never
 * kept, so one that was lost with its run is replaced by a new one.
 */
import { HoldfastError, isHoldfastError } from "../../../model/errors.ts";
import { pause } from "../../http/backoff.ts";
import type { CopyStep } from "../../live-copies.ts";
import { versionKeyOf } from "../version-key.ts";
import { advance, choosesIds, isPassing, isServiceFailure, type CopyRun } from "./copy-run.ts";
import { follow, giveUp, lookAfterSilence, settle } from "./follow.ts";
import { operationOf, stepKey, targetOfStep, UNHEARD } from "./journal.ts";
import { copyNames } from "./naming.ts";
import { failed, refusedRequest } from "./refusals.ts";
import { copyingWay, isTakenError, type Place, type Way } from "./ways.ts";
import type { CopyEnd, Wish } from "./wish.ts";

/** Attempts of one copy in one run, each with its own authorisation. */
const ATTEMPTS = 3;

/** Requests for one authorisation when it is not certain whether the target has heard. */
const AUTHORISE_TRIES = 3;

/** Names that are tried in one attempt; more than any history of failed copies has taken. */
const NAMES_LIMIT = 50;

/** A failed attempt is looked at again for so long, ms (a day, as long as the service works on anything, and an hour), and whenever the target lists it. */
const LATE_ARRIVAL_MS = 25 * 3_600_000;

/** Never throws for what the services refuse. Errors: what the ledger throws, and the reason of an abort. */
export async function copyOne(run: CopyRun, wish: Wish): Promise<CopyEnd> {
  const way = wish.way ?? copyingWay(run, wish.model);
  try {
    const end = await resume(run, wish, way);
    if (end !== undefined) return end;
    for (let attempt = 1; ; attempt++) {
      const result = await attemptOnce(run, wish, way);
      if (result.state === "verified" || !result.again || attempt === ATTEMPTS) return result;
      await pause(run.pair.source.pollMs * 2 ** attempt, run.context.signal);
    }
  } catch (error) {
    if (!isServiceFailure(run, error)) throw error;
    return refusedRequest(run, wish.model, error);
  }
}

/** Goes on with what earlier runs began. Undefined when there is nothing, or nothing that will ever come. */
async function resume(run: CopyRun, wish: Wish, way: Way): Promise<CopyEnd | undefined> {
  const version = versionKeyOf(wish.model);
  for (const step of run.journal.of(wish.model)) {
    if (step.version !== version) continue;
    const end = await resumeStep(run, wish, way, step);
    if (end?.state === "verified") return end;
    if (end !== undefined && !end.again) return end;
  }
  return undefined;
}

async function resumeStep(run: CopyRun, wish: Wish, way: Way, step: CopyStep): Promise<CopyEnd | undefined> {
  const operation = operationOf(step);
  switch (step.state) {
    case "submitted":
      if (operation === undefined) return await lookAfterSilence(run, wish, way, step);
      // Begun in the other way: nothing can be asked, only looked for.
      if (operation.composes !== way.composes) return await settle(run, wish, way, step);
      return await follow(run, wish, way, step);
    case "authorised":
      return await lookAfterSilence(run, wish, way, step);
    case "failed": {
      const worthIt = run.context.clock.now() - step.at < LATE_ARRIVAL_MS || run.isTaken(targetOfStep(step));
      return worthIt && operation !== undefined ? await settle(run, wish, way, step) : undefined;
    }
    default:
      return undefined;
  }
}

async function attemptOnce(run: CopyRun, wish: Wish, way: Way): Promise<CopyEnd> {
  const { place, step } = await reserve(run, wish, way);
  let begun: { readonly operation: string } | "unsure";
  try {
    begun = await place.begin(run.learnt.degrade);
  } catch (error) {
    if (!isServiceFailure(run, error)) throw error;
    // Composing reserves nothing before: only now the service says that the name is taken.
    const refusal = isTakenError(error)
      ? failed(error.message, { again: true })
      : refusedRequest(run, wish.model, error, place.expires);
    await giveUp(run, step, place.clean(refusal.reason));
    return { ...refusal, reason: place.clean(refusal.reason) };
  }
  if (begun === "unsure") {
    const silent = await advance(run, step, { state: "submitted", operation: UNHEARD });
    const end = await lookAfterSilence(run, wish, way, silent);
    return end ?? failed("The request for the copy was not answered, and no copy has come.", { again: true });
  }
  const submitted = await advance(run, step, { state: "submitted", operation: begun.operation });
  return await follow(run, wish, way, submitted);
}

interface Reserved {
  readonly place: Place;
  readonly step: CopyStep;
}

/** A place for the copy, in the ledger. Where ids are chosen by us, the ledger names it before the service does. */
async function reserve(run: CopyRun, wish: Wish, way: Way): Promise<Reserved> {
  if (choosesIds(run.pair.target) && !way.composes) {
    const place = await whenHeard(run, async () => await way.reserve(""));
    try {
      return { place, step: await begin(run, wish, place.target) };
    } catch (error) {
      // What the ledger cannot name must not stay; if it cannot be deleted either, the ledger's failure is still the one to tell.
      await run.pair.target.service
        .remove({ kind: wish.model.kind, id: place.target }, AbortSignal.timeout(LAST_WORD_MS))
        .catch(() => undefined);
      throw error;
    }
  }
  for (let names = 1; ; names++) {
    const step = await begin(run, wish, freeName(run, wish));
    try {
      return { place: await whenHeard(run, async () => await way.reserve(step.target)), step };
    } catch (error) {
      if (!isServiceFailure(run, error)) throw error;
      if (isTakenError(error)) {
        await advance(run, step, { state: "failed", detail: "the id is taken or reserved in the target" });
        if (names === NAMES_LIMIT) throw error;
        continue;
      }
      // A refusal has reserved nothing; without an answer it may have been reserved, and the next run tries the name again.
      if (!isHoldfastError(error, "source-unreachable")) await advance(run, step, { state: "removed" });
      throw error;
    }
  }
}

/** How long deleting a placeholder may take when nothing else works any more, ms. */
const LAST_WORD_MS = 10_000;

async function whenHeard(run: CopyRun, act: () => Promise<Place>): Promise<Place> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!isServiceFailure(run, error)) throw error;
      if (!isPassing(error) || tries === AUTHORISE_TRIES) throw error;
      const { pollMs } = run.pair.source;
      await pause(
        Math.max(pollMs * 2 ** tries, Math.min(error.context.retryAfterMs ?? 0, pollMs * 30)),
        run.context.signal,
      );
    }
  }
}

async function begin(run: CopyRun, { model }: Wish, target: string): Promise<CopyStep> {
  return await run.journal.record({
    key: stepKey(model),
    version: versionKeyOf(model),
    target,
    state: "authorised",
    at: run.context.clock.now(),
  });
}

/** A name that an earlier run may or may not have reserved for this copy is tried again: the service says whether it has. */
function freeName(run: CopyRun, { model, wanted = model.id }: Wish): string {
  const version = versionKeyOf(model);
  const key = stepKey(model);
  for (const id of copyNames(wanted, version)) {
    const named = run.journal.naming({ kind: model.kind, id });
    const own = named?.key === key && named.version === version && named.state === "authorised";
    if (own || (named === undefined && !run.isTaken({ kind: model.kind, id }))) return id;
  }
  throw new HoldfastError("internal", `There is no end of names for ${key}.`);
}
