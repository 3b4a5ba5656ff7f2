/**
 * What leaves the target again: copies that newer ones have taken the place of, copies of models that the source has no more, and what failed
 * attempts have left. Nothing is deleted that the ledger, and in v3 and later also its own marks, do not prove ours.
 */
import type { Millis } from "../../../model/clock.ts";
import { errorText } from "../../../model/errors.ts";
import type { CopyStep } from "../../live-copies.ts";
import type { RestoreOutcome } from "../../source.ts";
import { modelKey, type ModelRef } from "../keys.ts";
import type { ListedModel } from "../service/face.ts";
import { apiVersionIn, versionKeyOf } from "../version-key.ts";
import { advance, choosesIds, isServiceFailure, type CopyRun } from "./copy-run.ts";
import { refOfStep, targetOfStep, UNHEARD } from "./journal.ts";

import {
  carriedMark,
  carriedMarks,
  isVersionOfMark,
  markTextOf,
  resourceMark,
  versionMark,
  versionOfMark,
} from "./lineage.ts";
import type { Stocks } from "./stock.ts";

/** An authorisation lives 24 h at most: what has not come of it an hour later never will. */
const ATTEMPT_LIFE_MS: Millis = 25 * 3_600_000;

/** Every copy of the item but this one has had its day. */
export async function supersede(run: CopyRun, current: CopyStep): Promise<void> {
  for (const step of run.journal.of(refOfStep(current))) {
    const other = step.version !== current.version || step.target !== current.target;
    if (other && (step.state === "verified" || step.state === "gone")) {
      await advance(run, step, { state: "superseded" });
    }
  }
}

/** Notes whose models the source has no more. The list of the source must be complete. */
export async function markGone(run: CopyRun, { source }: Stocks, apply: boolean): Promise<void> {
  for (const step of run.journal.all()) {
    if (step.state !== "verified" && step.state !== "superseded") continue;
    if (source.get(refOfStep(step)) !== undefined || !isShownBy(run, step)) continue;
    if (step.state === "verified") {
      run.context.warn?.(
        `It is no longer in ${run.pair.source.name}. Its copy ${step.target} in ${run.pair.target.name} is kept for ${days(run.pair.settings.keepGoneMs)} days (keepGoneDays) and deleted then.`,
        step.key,
      );
    }
    if (apply) await advance(run, step, { state: "gone" });
  }
}

/**
 * Whether the version of the API that the source is configured with would show the model if it were there. After a change of that version a model
 * that is not listed is not gone.
 */
function isShownBy({ pair }: CopyRun, step: CopyStep): boolean {
  const { apiVersion, traits } = pair.source.service;
  // Of what was found by its marks only the digest is known.
  if (isVersionOfMark(step.version)) return !traits.choosesIds;
  const madeWith = apiVersionIn(step.version);
  if (madeWith === undefined) return traits.choosesIds;
  if (traits.choosesIds || (refOfStep(step).kind === "classifiers" && !traits.classifiers)) return false;
  // Dates: the order of texts is that of time.
  return madeWith <= apiVersion;
}

/** Copies that carry our marks and that no ledger knows: older states of models, or of models that are gone. */
export async function adoptUnknown(run: CopyRun, { source, target }: Stocks): Promise<void> {
  const own = resourceMark(run.pair.source.service);
  for (const copy of target.all()) {
    const marks = carriedMarks(copy);
    if (copy.kind !== "models" || marks?.source !== own || run.journal.naming(copy) !== undefined) continue;
    const original = { kind: copy.kind, id: marks.model };
    await run.journal.record({
      key: `${original.kind}/${original.id}`,
      version: versionOfMark(marks.version),
      target: copy.id,
      state: source.get(original) === undefined ? "gone" : "superseded",
      at: run.context.clock.now(),
    });
  }
}

/** Deletes copies that have had their day; an outcome for each. One that cannot be deleted does not keep the others. */
export async function* retireCopies(
  run: CopyRun,
  stocks: Stocks,
  apply: boolean,
): AsyncGenerator<RestoreOutcome> {
  for (const steps of stepsByItem(run)) {
    for (const step of dueCopies(run, stocks, steps)) yield* retireStep(run, stocks, step, apply);
  }
}

/** Deletes what failed attempts have left. After the copies of the run, which first look whether something has come of earlier attempts. */
export async function* retireAttempts(run: CopyRun, stocks: Stocks): AsyncGenerator<RestoreOutcome> {
  for (const steps of stepsByItem(run)) {
    for (const step of dueAttempts(run, stocks, steps)) {
      const arrived = stocks.target.get(targetOfStep(step))?.status === "ready";
      if (arrived && !isProved(stocks, steps, step.version)) await keepArrived(run, stocks, step);
      else yield* retireStep(run, stocks, step, true);
    }
  }
}

function stepsByItem(run: CopyRun): Iterable<readonly CopyStep[]> {
  const byItem = new Map<string, CopyStep[]>();
  for (const step of run.journal.all()) {
    const steps = byItem.get(step.key) ?? [];
    steps.push(step);
    byItem.set(step.key, steps);
  }
  return byItem.values();
}

function ageOf(run: CopyRun, { at }: CopyStep): Millis {
  return run.context.clock.now() - at;
}

function dueCopies(run: CopyRun, stocks: Stocks, steps: readonly CopyStep[]): readonly CopyStep[] {
  const { settings } = run.pair;
  const superseded = steps.filter(({ state }) => state === "superseded").sort((a, b) => b.at - a.at);
  // What this run superseded stays until applications have been told of the new copy: until the next run.
  const replaced = superseded.filter(
    (step, place) =>
      step.at < stocks.takenAt &&
      (place >= settings.keepSuperseded || ageOf(run, step) > settings.supersededForMs),
  );
  const gone = steps.filter(
    (step) => step.state === "gone" && ageOf(run, step) > settings.keepGoneMs && isShownBy(run, step),
  );
  const inSource = stocks.source.get(refOfStep(steps[0] as CopyStep)) !== undefined;
  // Only when what took their place is proved to work.
  const due = [...(isProved(stocks, steps) ? replaced : []), ...(inSource ? [] : gone)];
  return due.filter((step) => wasMade(run, step));
}

function dueAttempts(run: CopyRun, stocks: Stocks, steps: readonly CopyStep[]): readonly CopyStep[] {
  return steps.filter((step) => {
    if (step.state === "removed")
      return hasReturned(run, stocks, step) && isProved(stocks, steps, step.version);
    if (step.state !== "failed" && !isOpen(step)) return false;
    const over = step.state === "failed" && isProved(stocks, steps, step.version);
    return over || ageOf(run, step) > ATTEMPT_LIFE_MS;
  });
}

/** Whether a verified copy of the item, of this version if one is named, is there. */
function isProved(stocks: Stocks, steps: readonly CopyStep[], version?: string): boolean {
  return steps.some(
    (step) =>
      step.state === "verified" &&
      (version === undefined || step.version === version) &&
      isThere(stocks, step),
  );
}

/** A copy that came though its run had ended. It may be the only one of that state, so it is kept like any other of its age. */
async function keepArrived(run: CopyRun, { source, target }: Stocks, step: CopyStep): Promise<void> {
  const original = source.get(refOfStep(step));
  const copy = target.get(targetOfStep(step));
  const current = original !== undefined && versionKeyOf(original) === step.version;
  const ours = copy !== undefined && (choosesIds(run.pair.target) || carriesMarksOf(run, step, copy));
  // The next run takes a copy of the present state over by itself.
  if (current || !ours) return;
  const { operation = UNHEARD } = step;
  await advance(run, step, { state: original === undefined ? "gone" : "superseded", operation });
}

function isOpen({ state }: CopyStep): boolean {
  return state === "authorised" || state === "submitted";
}

/** In the list, or verified since it was read. */
function isThere({ target, takenAt }: Stocks, step: CopyStep): boolean {
  return target.get(targetOfStep(step))?.status === "ready" || step.at >= takenAt;
}

/** A copy may come into a placeholder of v2.x that was deleted because nobody believed in it any more. What was only found is not ours. */
function hasReturned(run: CopyRun, stocks: Stocks, step: CopyStep): boolean {
  const ours = step.operation !== undefined || step.level === undefined;
  return ours && choosesIds(run.pair.target) && stocks.target.get(targetOfStep(step)) !== undefined;
}

/** What was found and not made may be an original: in v2.x nothing tells the two apart. */
function wasMade(run: CopyRun, { operation }: CopyStep): boolean {
  return !choosesIds(run.pair.target) || operation !== undefined;
}

async function* retireStep(
  run: CopyRun,
  stocks: Stocks,
  step: CopyStep,
  apply: boolean,
): AsyncGenerator<RestoreOutcome> {
  const target = targetOfStep(step);
  const attempt = isOpen(step) || step.state === "failed" || step.state === "removed";
  const key = modelKey(refOfStep(step));
  // The list is from before this run's copies; what came since is younger than anything that is due, but for leftovers.
  const listed = stocks.target.get(target);
  const itsCopy = listed !== undefined && (choosesIds(run.pair.target) || carriesMarksOf(run, step, listed));
  if (attempt && !itsCopy && !choosesIds(run.pair.target)) {
    if (isOpen(step) && apply) {
      await advance(run, step, { state: "failed", detail: "reserved, and the copy never came" });
    }
    return;
  }
  if (!apply) {
    if (listed !== undefined) yield { key, action: "delete", previousRevision: step.target };
    return;
  }
  try {
    const removed = await removeOurs(run, stocks, step, target);
    if (removed === "foreign") {
      run.context.warn?.(
        `${step.target} in ${run.pair.target.name} is no copy of ours any more and is left alone.`,
        step.key,
      );
    }
    if (removed !== "foreign" || !attempt) await advance(run, step, { state: "removed" });
    if (removed === "deleted") yield { key, action: "delete", previousRevision: step.target };
  } catch (error) {
    if (!isServiceFailure(run, error)) throw error;
    const reason = `The copy ${step.target}, which is not needed any more, could not be deleted: ${errorText(error)}`;
    yield { key, action: "failed", reason, previousRevision: step.target };
  }
}

async function removeOurs(
  run: CopyRun,
  stocks: Stocks,
  step: CopyStep,
  target: ModelRef,
): Promise<"deleted" | "absent" | "foreign"> {
  const { service } = run.pair.target;
  const present = await service.details(target, run.context.signal);
  if (present === undefined) return "absent";
  if (!choosesIds(run.pair.target) && !carriesMarksOf(run, step, present)) return "foreign";
  await service.remove(target, run.context.signal);
  stocks.target.forget(target);
  return "deleted";
}

function carriesMarksOf(run: CopyRun, step: CopyStep, copy: ListedModel): boolean {
  const { kind, id } = refOfStep(step);
  const marks = {
    source: resourceMark(run.pair.source.service),
    model: id,
    version: versionMark(step.version),
  };
  return carriedMark(copy) === markTextOf(kind, marks);
}

/** Placeholders that no ledger names may be somebody's: they are only told. */
export function reportPlaceholders(run: CopyRun, { target }: Stocks): void {
  if (!choosesIds(run.pair.target)) return;
  const unknown = [...target.all()].filter(
    (model) => model.status === "creating" && run.journal.naming(model) === undefined,
  );
  if (unknown.length === 0) return;
  const names = unknown.slice(0, SHOWN).map(({ id }) => id);
  run.context.warn?.(
    `${run.pair.target.name} has ${unknown.length} models in creation that this standby did not begin (${names.join(", ")}${unknown.length > SHOWN ? ", …" : ""}): trainings, or places for copies that never came. They count against the quota; delete those that are nobody's.`,
  );
}

/** Names in one message. */
const SHOWN = 5;

const DAY_MS: Millis = 86_400_000;

function days(ms: Millis): number {
  return Math.round((ms / DAY_MS) * 10) / 10;
}
