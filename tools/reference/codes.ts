/**
 * The pages about error codes and exit statuses.
 */
import { EXIT_TITLES } from "../../src/cli/exit-codes.ts";
import { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from "../../src/model/error-codes.ts";
import { cell, GENERATED, page, table } from "./markdown.ts";

const entries = Object.entries(ERROR_CODES) as [ErrorCode, ErrorCodeEntry][];

export function exitCodesPage(): string {
  const statuses = Object.keys(EXIT_TITLES)
    .map(Number)
    .sort((a, b) => a - b);
  return page(
    GENERATED,
    "# Exit statuses",
    "Stable: a status is never given another meaning. 0, 1, 3, 10, 11, 12 and 130 mean what they mean in restic; those from 20 on are Holdfast's own.",
    table(
      ["Status", "Meaning", "Error codes"],
      statuses.map((exit) => [String(exit), cell(EXIT_TITLES[exit] ?? ""), codesWith(exit)]),
    ),
    "`backup` gives 3 when some tasks failed and others did not; when all failed, the status of the first one's error.",
  );
}

function codesWith(exit: number): string {
  return entries
    .filter(([, entry]) => entry.exit === exit)
    .map(([code]) => `[\`${code}\`](errors.md#${code})`)
    .join(", ");
}

export function errorsPage(): string {
  return page(
    GENERATED,
    "# Error codes",
    "Every error carries one of these codes; they are never renamed or reused. `holdfast explain CODE` prints the same text. An error's class says whether the same call may succeed later (`retryable`), will not (`permanent`), or stops everything (`fatal`).",
    ...entries.map(([code, entry]) =>
      page(
        `## ${code}`,
        entry.meaning,
        [
          `- **Lost:** ${entry.lost}`,
          `- **Next:** ${entry.next}`,
          `- **Exit status:** ${entry.exit}; **class:** ${entry.class}`,
        ].join("\n"),
      ).trimEnd(),
    ),
  );
}
