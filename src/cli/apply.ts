/**
 * The way restore and undo go: preview, consent, act, report. The preview is the same operation without writing.
 */
import { HoldfastError } from "../model/errors.ts";
import { ERROR_CODES } from "../model/error-codes.ts";
import type { RestoreItemRow, RestoreReport } from "../operations/reports.ts";
import { countOf } from "./format.ts";
import type { Invocation } from "./invocation.ts";
import { itemText, printRestore, restoreIncomplete, writesOf } from "./restore-text.ts";

export interface ConsentOptions {
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly listItems?: boolean;
}

/** One pass: with `apply` false nothing is written. `instant`: the one that the preview was about. */
export type Pass = (
  apply: boolean,
  onItem: (row: RestoreItemRow) => void,
  instant?: string,
) => Promise<RestoreReport>;

/**
 * Previews and, with consent, acts; the exit status is returned.
 * Errors: `restore-unsafe` when there is nobody to ask and `--yes` is missing; what the operation throws.
 */
export async function previewThenApply(
  invocation: Invocation,
  options: ConsentOptions,
  pass: Pass,
): Promise<number> {
  const dryRun = options.dryRun ?? false;
  if (dryRun && options.yes) throw new HoldfastError("usage", "--dry-run only previews: leave --yes out.");
  if (options.yes) return act(invocation, options, pass);
  // Refused before the preview: without anybody to ask its work would be for nothing.
  if (!dryRun && !invocation.mayAsk) {
    throw new HoldfastError(
      "restore-unsafe",
      "There is nobody to ask whether to go on: repeat with --yes to act, or with --dry-run for the preview alone.",
    );
  }
  const preview = await onePass(invocation, options, pass, false);
  if (dryRun) return restoreIncomplete(preview) ? ERROR_CODES["restore-incomplete"].exit : 0;
  if (writesOf(preview) === 0) {
    invocation.out.note("There is nothing to write.");
    return 0;
  }
  if (!(await invocation.confirm(`Write ${countOf(writesOf(preview), "item")} to ${preview.target}?`))) {
    invocation.out.note("Nothing was written.");
    return ERROR_CODES["restore-unsafe"].exit;
  }
  // What was consented to is what is done, even if a backup has added an instant in between.
  return act(invocation, { ...options, listItems: false }, (apply, onItem) =>
    pass(apply, onItem, preview.instant),
  );
}

async function act(invocation: Invocation, options: ConsentOptions, pass: Pass): Promise<number> {
  const report = await onePass(invocation, options, pass, true);
  return restoreIncomplete(report) ? ERROR_CODES["restore-incomplete"].exit : 0;
}

async function onePass(
  invocation: Invocation,
  options: ConsentOptions,
  pass: Pass,
  apply: boolean,
): Promise<RestoreReport> {
  const { out } = invocation;
  let written = Promise.resolve();
  const list = (row: RestoreItemRow) => {
    if (!options.listItems) return;
    written = written.then(() => (out.json ? out.document({ item: row }) : out.line(itemText(row, apply))));
  };
  const report = await pass(apply, list);
  await written;
  out.endProgress();
  if (!out.json) await printRestore(report, out);
  else await out.document(options.listItems ? { report } : report);
  return report;
}
