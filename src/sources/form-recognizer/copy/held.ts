/**
 * Whether the target has a model already: by the ledger, by the marks of v3 and later, or, in v2.x, because everything that the service tells is
 * equal. Two that cannot be told apart are reported and not guessed.
 */
import type { CopyStep } from "../../live-copies.ts";
import type { ListedModel, ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { advance, choosesIds, type CopyRun } from "./copy-run.ts";
import { stepKey, targetOfStep } from "./journal.ts";
import {
  carriedMark,
  carriedMarks,
  isMarkedCopy,
  marksOf,
  markTextOf,
  marksOfOrigin,
  versionMark,
} from "./lineage.ts";
import type { Stocks } from "./stock.ts";
import { compareCopy, verifiedStep, type Arrived } from "./verify.ts";

export interface Holding {
  readonly step: CopyStep;
  readonly differences: readonly string[];
}

/** The ledger's word, against what the target lists. Copies that are not there any more are told to the ledger. `verify`: also read both. */
export async function heldByLedger(
  run: CopyRun,
  stocks: Stocks,
  model: ListedModel,
  options: { readonly verify: boolean; readonly apply: boolean },
): Promise<Holding | undefined> {
  const version = versionKeyOf(model);
  for (const step of run.journal.of(model)) {
    if (step.version !== version || !WORKING.includes(step.state)) continue;
    const listed = stocks.target.get(targetOfStep(step));
    const present = listed !== undefined && listed.status === "ready" && isStillIt(run, model, listed);
    const holding = present ? await confirmed(run, model, step, options) : undefined;
    if (holding !== undefined) return holding;
    if (options.apply) await advance(run, step, { state: "removed" });
  }
  return undefined;
}

const WORKING: readonly CopyStep["state"][] = ["verified", "superseded", "gone"];

/** In v3 and later somebody may have made another model of that name meanwhile. */
function isStillIt(run: CopyRun, model: ListedModel, listed: ListedModel): boolean {
  const { source, target } = run.pair;
  if (choosesIds(target) || isMarkedCopy(listed, source.service, model)) return true;
  return isMarkedCopy(model, target.service, listed);
}

async function confirmed(
  run: CopyRun,
  model: ListedModel,
  step: CopyStep,
  { verify, apply }: { readonly verify: boolean; readonly apply: boolean },
): Promise<Holding | undefined> {
  if (!verify) {
    const back = step.state !== "verified" && apply;
    return { step: back ? await advance(run, step, { state: "verified" }) : step, differences: [] };
  }
  const arrived = await compared(run, model, targetOfStep(step));
  if (arrived === undefined) return undefined;
  return {
    step: apply ? await advance(run, step, verifiedStep(arrived)) : step,
    differences: arrived.differences,
  };
}

/** A copy that the ledger does not know, or knows as not finished. It is recorded as found. */
export async function heldUnknown(
  run: CopyRun,
  stocks: Stocks,
  model: ListedModel,
  apply: boolean,
): Promise<Holding | undefined> {
  const found = choosesIds(run.pair.target)
    ? await twinOf(run, stocks, model)
    : await markedOf(run, stocks, model);
  if (found === undefined) return undefined;
  const { details } = found;
  const known = run.journal
    .of(model)
    .find((step) => step.version === versionKeyOf(model) && step.target === details.id);
  const step: CopyStep = known ?? {
    key: stepKey(model),
    version: versionKeyOf(model),
    target: details.id,
    state: "verified",
    at: run.context.clock.now(),
  };
  return {
    step: apply ? await advance(run, step, verifiedStep(found)) : step,
    differences: found.differences,
  };
}

/** A copy of `model`, or, when copies go back, the model that `model` was once copied from. */
async function markedOf(run: CopyRun, stocks: Stocks, model: ListedModel): Promise<Arrived | undefined> {
  const { source, target } = run.pair;
  const copies = stocks.target.marked(markTextOf(model.kind, marksOf(source.service, model)));
  for (const copy of copies) {
    const arrived = await compared(run, model, copy);
    if (arrived !== undefined) return arrived;
  }
  const origin = originOf(run, stocks, model);
  if (origin === undefined || !isMarkedCopy(model, target.service, origin)) return undefined;
  return await compared(run, model, origin);
}

/** The model of the target that `model` is a copy of, in whatever state it is there now. */
export function originOf(
  { pair: { target } }: CopyRun,
  stocks: Stocks,
  model: ListedModel,
): ListedModel | undefined {
  if (model.kind === "models") {
    const marks = marksOfOrigin(target.service, model);
    return marks && stocks.target.get({ kind: "models", id: marks.model });
  }
  const mark = carriedMark(model);
  if (mark === undefined) return undefined;
  return [...stocks.target.all()].find(
    (other) => other.kind === model.kind && markTextOf(other.kind, marksOf(target.service, other)) === mark,
  );
}

/** Whether the target trained its own model again since this copy of it was made: the copy is its past. */
export function isPastOfOrigin(model: ListedModel, origin: ListedModel): boolean {
  const marks = carriedMarks(model);
  return marks !== undefined && marks.version !== versionMark(versionKeyOf(origin));
}

/** v2.x carries name and both times over bit for bit, so few candidates have to be read. */
async function twinOf(run: CopyRun, stocks: Stocks, model: ListedModel): Promise<Arrived | undefined> {
  const candidates = [...stocks.target.all()].filter(
    (other) => other.status === "ready" && looksLike(other, model) && run.journal.naming(other) === undefined,
  );
  if (candidates.length === 0) return undefined;
  const details = await run.pair.source.service.details(model, run.context.signal);
  if (details === undefined) return undefined;
  const twins: Arrived[] = [];
  for (const candidate of candidates) {
    const arrived = await comparedWith(run, details, candidate);
    if (arrived?.level === "metadata") twins.push(arrived);
  }
  if (twins.length === 0) return undefined;
  const doubles = await doublesOf(run, stocks, details);
  if (twins.length === 1 && doubles.length === 0) return twins[0];
  const names = twins.map((twin) => twin.details.id).join(", ");
  run.context.warn?.(
    doubles.length > 0
      ? `${names} in ${run.pair.target.name} may be a copy of it, or of ${doubles.join(", ")}, which the service shows as equal. None of them is used or deleted; a copy that is known to be its own is made.`
      : `${names} in ${run.pair.target.name} look like copies of it and cannot be told apart. None of them is used or deleted; a copy that is known to be its own is made.`,
    stepKey(model),
  );
  return undefined;
}

/** Other models of the source that the service shows as equal to this one. */
async function doublesOf(run: CopyRun, stocks: Stocks, model: ModelDetails): Promise<string[]> {
  const doubles: string[] = [];
  for (const other of stocks.source.all()) {
    if (other.id === model.id || !looksLike(other, model)) continue;
    const details = await run.pair.source.service.details(other, run.context.signal);
    if (details !== undefined && compareCopy(model, details)?.level === "metadata") doubles.push(other.id);
  }
  return doubles;
}

function looksLike(one: ListedModel, other: ListedModel): boolean {
  return one.name === other.name && one.created === other.created && one.modified === other.modified;
}

async function compared(
  run: CopyRun,
  model: ListedModel,
  copy: Pick<ListedModel, "kind" | "id">,
): Promise<Arrived | undefined> {
  const details = await run.pair.source.service.details(model, run.context.signal);
  return details && (await comparedWith(run, details, copy));
}

async function comparedWith(
  run: CopyRun,
  model: ModelDetails,
  { kind, id }: Pick<ListedModel, "kind" | "id">,
): Promise<Arrived | undefined> {
  const details = await run.pair.target.service.details({ kind, id }, run.context.signal);
  return details && compareCopy(model, details);
}
