/**
 * What both sides of a pair hold when a run begins. A side that cannot be listed to its end ends the run: what is missing from half a list is not
 * gone.
 */
import type { Millis } from "../../../model/clock.ts";
import type { SourceContext } from "../../source.ts";
import type { ModelRef } from "../keys.ts";
import type { FormService, ListedModel } from "../service/face.ts";
import type { Pair } from "./face.ts";
import { carriedMark } from "./lineage.ts";

/** One side's models and classifiers. */
export class Stock {
  readonly #models = new Map<string, ListedModel>();
  readonly #byMark = new Map<string, ListedModel[]>();

  static async of(service: FormService, signal: AbortSignal): Promise<Stock> {
    const stock = new Stock();
    for await (const page of service.list(["models", "classifiers"], signal)) {
      for (const model of page) stock.#add(model);
    }
    return stock;
  }

  #add(model: ListedModel): void {
    this.#models.set(nameOf(model), model);
    const mark = carriedMark(model);
    if (mark === undefined) return;
    const marked = this.#byMark.get(mark) ?? [];
    marked.push(model);
    this.#byMark.set(mark, marked);
  }

  get(ref: ModelRef): ListedModel | undefined {
    return this.#models.get(nameOf(ref));
  }

  /** It was deleted by this run. */
  forget(ref: ModelRef): void {
    this.#models.delete(nameOf(ref));
  }

  all(): Iterable<ListedModel> {
    return this.#models.values();
  }

  /** Those that say of themselves that they are copies of the model with these marks. */
  marked(mark: string): readonly ListedModel[] {
    return this.#byMark.get(mark) ?? [];
  }
}

export interface Stocks {
  /** When the first list was asked for, ms UTC. */
  readonly takenAt: Millis;
  readonly source: Stock;
  readonly target: Stock;
}

/** Errors: `source-*`. */
export async function takeStock(
  { source, target }: Pair,
  { clock, signal }: Pick<SourceContext, "clock" | "signal">,
): Promise<Stocks> {
  return {
    takenAt: clock.now(),
    source: await Stock.of(source.service, signal),
    target: await Stock.of(target.service, signal),
  };
}

function nameOf({ kind, id }: ModelRef): string {
  return `${kind}/${id}`;
}
