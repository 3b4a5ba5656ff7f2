/**
 * Carrying the plan of a run out: each copy on its own, as long as there is room for it and nothing has happened that fails all of them.
 */
import type { HoldfastError } from "../../../model/errors.ts";
import type { RestoreOutcome } from "../../source.ts";
import { modelKey } from "../keys.ts";
import type { ModelDetails } from "../service/face.ts";
import { versionKeyOf } from "../version-key.ts";
import { composeAgain, mustBeComposedAgain, standInOf } from "./composed.ts";
import { copyOne } from "./copy-one.ts";
import { isServiceFailure, type CopyRun } from "./copy-run.ts";
import { stepKey } from "./journal.ts";
import type { PlannedCopy } from "./plan.ts";
import { failed, refusedRequest } from "./refusals.ts";
import { supersede } from "./retire.ts";
import type { Stocks } from "./stock.ts";
import type { CopyEnd, Wish } from "./wish.ts";

export class PlannedCopies {
  readonly #run: CopyRun;
  readonly #stocks: Stocks;
  readonly #apply: boolean;
  /** Models that the target still takes. */
  #room = 0;
  #limit = 0;
  #done = 0;
  #total = 0;
  /** Models in a row that the source did not show. */
  #unreached = 0;
  /** What fails every further copy. */
  halted: HoldfastError | undefined;

  constructor(run: CopyRun, stocks: Stocks, apply: boolean) {
    this.#run = run;
    this.#stocks = stocks;
    this.#apply = apply;
  }

  /** Asks the target how much it takes. Errors: `source-*`. */
  async count(copies: readonly PlannedCopy[]): Promise<void> {
    this.#total = copies.length;
    if (copies.length === 0) return;
    const { count, limit } = await this.#run.pair.target.service.room(this.#run.context.signal);
    this.#room = limit - count;
    this.#limit = limit;
  }

  async *make(copy: PlannedCopy): AsyncGenerator<RestoreOutcome> {
    const { context, pair, journal } = this.#run;
    const { model } = copy;
    const key = modelKey(model);
    const revision = versionKeyOf(model);
    const before = journal.of(model).find(({ state }) => state === "verified");
    const action = before === undefined ? "create" : "change";
    const previous = before === undefined ? {} : { previousRevision: before.version };
    // A place that an earlier run was given is counted already.
    const begun = journal
      .of(model)
      .some(({ version, state }) => version === revision && OPEN.includes(state));
    if (!begun && this.#room-- <= 0) {
      const reason = `${pair.target.name} takes ${this.#limit} models and has no room for another. Delete what is not needed there, or raise its limit, then run again.`;
      yield { key, action: "failed", revision, reason, ...previous };
      return;
    }
    if (!this.#apply) {
      yield { key, action, revision, ...previous };
      return;
    }
    const end = await this.#end(copy);
    context.progress?.({ phase: "copying models", done: ++this.#done, total: this.#total, bytes: 0 });
    if (end.state === "failed") {
      this.halted ??= end.stop;
      yield { key, action: "failed", revision, reason: end.reason, ...previous };
      return;
    }
    await supersede(this.#run, end.step);
    if (end.differences.length > 0) {
      warnOfDifferences(this.#run, end.step.target, end.differences, stepKey(model));
    }
    const mapped = { group: model.kind, kept: model.id, target: end.step.target };
    yield { key, action, revision: end.step.version, ...previous, mapped };
  }

  async #end(copy: PlannedCopy): Promise<CopyEnd> {
    const run = this.#run;
    if (this.halted !== undefined) return failed(`It was not tried, because of this: ${this.halted.message}`);
    let details: ModelDetails | undefined;
    try {
      details = await run.pair.source.service.details(copy.model, run.context.signal);
    } catch (error) {
      if (!isServiceFailure(run, error)) throw error;
      const refusal = refusedRequest(run, copy, error);
      return ++this.#unreached < UNREACHED_LIMIT ? refusal : { ...refusal, stop: error };
    }
    this.#unreached = 0;
    if (details === undefined || details.status !== "ready") {
      return failed(`It has gone from ${run.pair.source.name} while the run went on: run again.`);
    }
    const wish: Wish = { model: details, wanted: copy.wanted, standIn: standInOf(run, this.#stocks.source) };
    if (!mustBeComposedAgain(run, details)) {
      const end = await copyOne(run, wish);
      if (end.state === "verified" || end.partsOnly !== true) return end;
    }
    const way = composeAgain(run, details, this.#stocks.source);
    return "reason" in way ? failed(way.reason) : await copyOne(run, { ...wish, way });
  }
}

/** After so many models that the source did not show, each asked for repeatedly, it is taken for dead. */
const UNREACHED_LIMIT = 4;

const OPEN = ["authorised", "submitted"];

/** A copy of which more cannot be said than that it is there. */
export function warnOfDifferences(
  { context, pair }: CopyRun,
  target: string,
  differences: readonly string[],
  item: string,
): void {
  context.warn?.(
    `The copy ${target} in ${pair.target.name} is ready, but not equal to the original: ${differences.join("; ")}. Analyse a known document with both before you rely on it.`,
    item,
  );
}
