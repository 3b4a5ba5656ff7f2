/**
 * Functions of the target that validate writes. An exact restore purges before it writes: what such a function would then
 * refuse would be gone, so with one in force nothing is purged.
 */
import { HoldfastError } from "../../../model/errors.ts";
import { memberNames } from "../document-text.ts";
import { DESIGN_PREFIX } from "../items.ts";
import type { RestoreRun } from "./run.ts";

export const VALIDATION = "validate_doc_update";

/** First key after all design documents. */
const AFTER_DESIGNS = "_design0";

/** Design documents read at once. */
const PAGE_ROWS = 20;

/** Throws `restore-unsafe` when a design document of the target validates writes. */
export async function refuseValidators(run: RestoreRun): Promise<void> {
  let after: string = DESIGN_PREFIX;
  for (;;) {
    const { rows } = await run.database.allDocs(
      { startKey: after, endKey: AFTER_DESIGNS, limit: PAGE_ROWS, includeDocs: true },
      run.context.signal,
    );
    const validating = rows.filter(({ doc }) => doc !== undefined && memberNames(doc).includes(VALIDATION));
    if (validating.length > 0)
      throw unsafe(
        run,
        validating.map(({ id }) => id),
      );
    const last = rows.at(-1)?.id;
    if (rows.length < PAGE_ROWS || last === undefined) return;
    after = last;
  }
}

function unsafe(run: RestoreRun, ids: readonly string[]): HoldfastError {
  return new HoldfastError(
    "restore-unsafe",
    `an exact restore purges documents of database "${run.database.name}" before it writes them, and ${ids.join(", ")} may refuse ` +
      "them then: delete it first (a restore of the whole database brings back the one of the instant, last)",
  );
}
