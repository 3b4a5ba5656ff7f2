/**
 * Adding up what became of each item.
 */
import { keyText } from "../../model/key.ts";
import type { RestoreAction, RestoreOutcome } from "../../sources/source.ts";
import type { IdRow, RestoreItemRow } from "../reports.ts";

/** Rows of each action that a report shows. */
const SAMPLES = 5;
const MAX_FAILURES = 1_000;

export class Tally {
  readonly counts: Record<RestoreAction, number> = {
    create: 0,
    change: 0,
    delete: 0,
    same: 0,
    newer: 0,
    unstable: 0,
    failed: 0,
  };
  readonly samples: RestoreItemRow[] = [];
  readonly failures: RestoreItemRow[] = [];
  readonly #ids = new Map<string, IdRow>();

  add(outcome: RestoreOutcome): RestoreItemRow {
    const row: RestoreItemRow = { ...outcome, key: keyText(outcome.key) };
    this.counts[outcome.action] += 1;
    if (outcome.action !== "same" && this.counts[outcome.action] <= SAMPLES) this.samples.push(row);
    const missed = outcome.action === "failed" || outcome.action === "unstable";
    if (missed && this.failures.length < MAX_FAILURES) this.failures.push(row);
    const { mapped } = outcome;
    if (mapped !== undefined) this.#ids.set(`${mapped.group}\n${mapped.kept}`, mapped);
    return row;
  }

  /** Ids that outcomes told of, by group and then as they came; nothing where no item has one. */
  get ids(): { readonly ids?: readonly IdRow[] } {
    if (this.#ids.size === 0) return {};
    const rows = [...this.#ids.values()];
    return { ids: rows.toSorted((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : 0)) };
  }
}
