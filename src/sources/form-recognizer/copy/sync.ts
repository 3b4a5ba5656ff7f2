/**
 * One run of a standby: every model of the source that the target lacks is copied and verified, and what the target no longer needs is retired. A
 * run that is repeated, or was killed at any point, goes on from the ledger.
 */
import { inParallel } from "../../parallel.ts";
import type { CopyRequest } from "../../live-copies.ts";
import type { RestoreOutcome, SourceContext } from "../../source.ts";
import { modelKey } from "../keys.ts";
import { resourceOf, type FormResource } from "../resource.ts";
import type { ListedModel } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { copyRun, isDeniedAccess, isServiceFailure, type CopyRun } from "./copy-run.ts";
import { warnOfExpiry } from "./expiry.ts";
import { heldByLedger, heldUnknown, isPastOfOrigin, originOf, type Holding } from "./held.ts";
import { refOfStep } from "./journal.ts";
import { marksOfOrigin } from "./lineage.ts";
import { pairOf } from "./pair.ts";
import { inOrder, plannedCopy, reportNotReady, type PlannedCopy } from "./plan.ts";
import { PlannedCopies, warnOfDifferences } from "./planned-copies.ts";
import {
  adoptUnknown,
  markGone,
  reportPlaceholders,
  retireAttempts,
  retireCopies,
  supersede,
} from "./retire.ts";
import { copySettings } from "./settings.ts";
import { takeStock, type Stocks } from "./stock.ts";

/** Copies of one source under way at once: what the service can be expected to work on beside its applications. */
const AT_ONCE = 4;

/**
 * Errors: `usage`, `config-invalid`, `source-*` when a side cannot be listed; what makes every further copy fail (credentials, a wrong region, a
 * missing consent) after all that is under way has ended.
 */
export async function* syncCopies(
  resource: FormResource,
  { target, ledger, apply, verify, settings }: CopyRequest,
  context: SourceContext,
): AsyncGenerator<RestoreOutcome> {
  const pair = pairOf(resource, resourceOf(target), ledger, copySettings(settings));
  const stocks = await takeStock(pair, context);
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const run = copyRun(pair, { ...context, signal }, (id) => stocks.target.get(id) !== undefined);
  reportNotReady(run, stocks.source);
  reportPlaceholders(run, stocks);
  const missing: PlannedCopy[] = [];
  const look = async function* (model: ListedModel): AsyncGenerator<RestoreOutcome> {
    const found = await lookAt(run, stocks, model, { apply, verify }).catch((error: unknown) => {
      if (!isServiceFailure(run, error) || isDeniedAccess(error)) throw error;
      return { key: modelKey(model), action: "failed", reason: error.message } as const;
    });
    if ("action" in found) yield found;
    else missing.push(found);
  };
  const halt = (): void => stop.abort();
  yield* inParallel({ elements: readyModels(stocks), work: look, atOnce: AT_ONCE, stop: halt });
  if (apply) await adoptUnknown(run, stocks);
  await markGone(run, stocks, apply);
  // First: it makes room.
  yield* retireCopies(run, stocks, apply);
  const copies = new PlannedCopies(run, stocks, apply);
  await copies.count(missing);
  // Composed models need their parts.
  for (const composed of [false, true]) {
    const elements = each(inOrder(missing).filter((copy) => copy.composed === composed));
    yield* inParallel({ elements, work: (copy) => copies.make(copy), atOnce: AT_ONCE, stop: halt });
  }
  if (apply) yield* retireAttempts(run, stocks);
  for (const step of run.journal.all()) {
    if (step.state === "verified" && stocks.source.get(refOfStep(step)) !== undefined)
      warnOfExpiry(run, step);
  }
  if (copies.halted !== undefined) throw copies.halted;
}

async function* readyModels({ source }: Stocks): AsyncGenerator<ListedModel> {
  for (const model of source.all()) if (model.status === "ready") yield model;
}

async function* each<T>(elements: readonly T[]): AsyncGenerator<T> {
  yield* elements;
}

/** What there is to do about one model: an outcome when it is nothing. */
async function lookAt(
  run: CopyRun,
  stocks: Stocks,
  model: ListedModel,
  options: { readonly apply: boolean; readonly verify: boolean },
): Promise<RestoreOutcome | PlannedCopy> {
  const key = modelKey(model);
  const version = versionKeyOf(model);
  const held =
    (await heldByLedger(run, stocks, model, options)) ??
    (await heldUnknown(run, stocks, model, options.apply));
  if (held !== undefined) return await alreadyThere(run, model, held, options.apply);
  const origin = originOf(run, stocks, model);
  if (origin !== undefined && isPastOfOrigin(model, origin)) {
    return {
      key,
      action: "newer",
      revision: version,
      reason: `It is a copy of ${origin.id} in ${run.pair.target.name}, which has been trained again since.`,
    };
  }
  if (model.kind === "classifiers" && !run.pair.source.service.traits.classifierCopies) {
    return {
      key,
      action: "failed",
      revision: version,
      reason: `Version ${run.pair.source.service.apiVersion} of the API cannot copy classifiers. Build it in ${run.pair.target.name} from the same training data (\`holdfast restore --retrain\`), or build it anew with 2024-11-30, which can copy it.`,
    };
  }
  const details = await run.pair.source.service.details(model, run.context.signal);
  if (details === undefined || details.status !== "ready") {
    const reason = `It has gone from ${run.pair.source.name} while the run went on, or is not ready any more: run again.`;
    return { key, action: "failed", revision: version, reason };
  }
  return plannedCopy(details, wantedId(run, model));
}

/** A copy that goes back gets its first name. */
function wantedId({ pair }: CopyRun, model: ListedModel): string {
  return marksOfOrigin(pair.target.service, model)?.model ?? model.id;
}

async function alreadyThere(
  run: CopyRun,
  model: ListedModel,
  { step, differences }: Holding,
  apply: boolean,
): Promise<RestoreOutcome> {
  if (apply) await supersede(run, step);
  if (differences.length > 0) warnOfDifferences(run, step.target, differences, step.key);
  return {
    key: modelKey(model),
    action: "same",
    revision: step.version,
    mapped: { group: model.kind, kept: model.id, target: step.target },
  };
}
