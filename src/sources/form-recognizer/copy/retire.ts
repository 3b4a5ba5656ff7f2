/**
 * What leaves the target again: copies that newer ones have taken the place of, copies of models that the source has no more, and what failed
 * attempts have left. Nothing is deleted that the ledger, and in v3 and later also its own marks, do not prove ours.
 */
import type { Millis } from "../../../model/clock.ts";
import { errorText } from "../../../model/errors.ts";
import type { CopyStep, RestoreOutcome } from "../../source.ts";
import { modelKey, type ModelRef } from "../keys.ts";
import type { ListedModel } from "../service/face.ts";
import { advance, choosesIds, isServiceFailure, type CopyRun } from "./copy-run.ts";
import { refOfStep, targetOfStep } from "./journal.ts";
import {
  carriedMark,
  carriedMarks,
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
    if (source.get(refOfStep(step)) !== undefined) continue;
    if (step.state === "verified") {
      run.context.warn?.(
        `It is no longer in ${run.pair.source.name}. Its copy ${step.target} in ${run.pair.target.name} is kept for ${days(run.pair.settings.keepGoneMs)} days (keepGoneDays) and deleted then.`,
        step.key,
      );
    }
    if (apply) await advance(run, step, { state: "gone" });
  }
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

/** Deletes what is due; an outcome for each copy. One that cannot be deleted does not keep the others. */
export async function* retire(run: CopyRun, stocks: Stocks, apply: boolean): AsyncGenerator<RestoreOutcome> {
  const byItem = new Map<string, CopyStep[]>();
  for (const step of run.journal.all()) byItem.set(step.key, [...(byItem.get(step.key) ?? []), step]);
  for (const steps of byItem.values()) {
    for (const step of dueSteps(run, stocks, steps)) yield* retireStep(run, stocks, step, apply);
  }
}

function dueSteps(run: CopyRun, stocks: Stocks, steps: readonly CopyStep[]): readonly CopyStep[] {
  const { settings } = run.pair;
  const age = ({ at }: CopyStep): Millis => run.context.clock.now() - at;
  const verified = steps.filter((step) => step.state === "verified" && isThere(stocks, step));
  const superseded = steps.filter(({ state }) => state === "superseded").sort((a, b) => b.at - a.at);
  const replaced = superseded.filter(
    (step, place) => place >= settings.keepSuperseded || age(step) > settings.supersededForMs,
  );
  const gone = steps.filter((step) => step.state === "gone" && age(step) > settings.keepGoneMs);
  const attempts = steps.filter((step) => {
    if (step.state === "failed") {
      const succeeded = verified.some(({ version }) => version === step.version);
      return succeeded || age(step) > ATTEMPT_LIFE_MS;
    }
    if (step.state === "removed") return hasReturned(run, stocks, step) && verified.length > 0;
    return isOpen(step) && age(step) > ATTEMPT_LIFE_MS;
  });
  const inSource = stocks.source.get(refOfStep(steps[0] as CopyStep)) !== undefined;
  return [
    // Only when what took their place is proved to work.
    ...(verified.length > 0 ? replaced.filter((step) => wasMade(run, step)) : []),
    ...(inSource ? [] : gone.filter((step) => wasMade(run, step))),
    ...attempts,
  ];
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
