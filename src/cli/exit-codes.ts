/**
 * Exit statuses: the published table. The numbers themselves belong to the error codes.
 */
import { ERROR_CODES, isErrorCode } from "../model/error-codes.ts";
import type { RunReport } from "../operations/reports.ts";

export const EXIT_OK = 0;
export const EXIT_FAILED = 1;
/** Some tasks or items succeeded and others did not. */
export const EXIT_INCOMPLETE = 3;

/** What each status means, for the table in the documentation. */
export const EXIT_TITLES: Readonly<Record<number, string>> = {
  0: "Done.",
  1: "Failed for a reason that has no status of its own.",
  2: "The command line was wrong; nothing was done.",
  3: "Incomplete: a part succeeded and was kept, another part failed.",
  10: "No usable repository at this place.",
  11: "Another process is busy with the same timeline.",
  12: "The key does not open the repository or lacks the right.",
  20: "Wrong or incomplete configuration.",
  21: "The repository's storage refused access.",
  22: "The repository's storage is full.",
  23: "The repository's storage failed.",
  24: "The repository is damaged.",
  25: "A file outside the repository could not be read or written.",
  30: "The service could not be reached or is overloaded.",
  31: "The service refused the credentials.",
  32: "The collection does not exist at the service.",
  33: "The service answered nonsense.",
  34: "No such version or instant is kept.",
  35: "The target of a restore cannot be used.",
  36: "A restore was not carried out, or not completely.",
  37: "A comparison found differences.",
  38: "A file was not imported.",
  39: "A run was kept and marked: it looks like an accident or an attack.",
  40: "A hold forbids the erasure.",
  41: "Something could not be rebuilt from what is kept.",
  130: "Stopped by a signal.",
};

/** The status of an error code out of a report; codes of a newer Holdfast count as failed. */
export function exitOfCode(code: string): number {
  return isErrorCode(code) ? ERROR_CODES[code].exit : EXIT_FAILED;
}

/** Whether a run did not keep what it should have. */
export function runFailed(run: RunReport): boolean {
  return run.error !== undefined || run.state === "failed" || run.state === "interrupted";
}

/** Whether a run was kept and looks like an accident or an attack. */
export function isMarked({ anomalies = [] }: RunReport): boolean {
  return anomalies.length > 0;
}

/** The status of several runs: 0, 3 when only some failed, else that of the first failure; none failed: that of a marked run. */
export function exitOfRuns(runs: readonly RunReport[]): number {
  const failed = runs.filter(runFailed);
  const first = failed[0];
  if (first === undefined) {
    if (runs.some(isMarked)) return ERROR_CODES["run-marked"].exit;
    return runs.some((run) => run.maintenance?.error) ? EXIT_INCOMPLETE : EXIT_OK;
  }
  if (failed.length < runs.length) return EXIT_INCOMPLETE;
  return first.error ? exitOfCode(first.error.code) : EXIT_FAILED;
}
