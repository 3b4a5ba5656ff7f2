/**
 * A restore's report as people read it: what would happen or has happened, first in numbers, then by example.
 */
import type { IdRow, RestoreItemRow, RestoreReport } from "../operations/reports.ts";
import { countOf, countText, durationText, timeText, visible } from "./format.ts";
import type { Output } from "./output.ts";
import type { Style } from "./style.ts";

type Action = RestoreItemRow["action"];

interface ActionWords {
  readonly preview: string;
  readonly applied: string;
  readonly style?: Style;
}

/** In the order of what matters; `same` last. */
const ACTIONS: readonly (readonly [Action, ActionWords])[] = [
  ["create", { preview: "would be created", applied: "created", style: "green" }],
  ["change", { preview: "would be changed", applied: "changed", style: "cyan" }],
  ["delete", { preview: "would be deleted", applied: "deleted", style: "red" }],
  ["failed", { preview: "would be refused", applied: "failed", style: "red" }],
  ["unstable", { preview: "changing right now", applied: "left alone: changed meanwhile", style: "yellow" }],
  ["newer", { preview: "newer, would be left alone", applied: "newer, left alone", style: "yellow" }],
  ["same", { preview: "equal already", applied: "equal already" }],
];

/** Items named for each action, so that the summary stays on one screen. */
const EXAMPLES_SHOWN = 3;

/** Failures named one by one; the JSON report has up to 1,000. */
const FAILURES_SHOWN = 20;

/** The report's lines on stdout. */
export async function printRestore(report: RestoreReport, out: Output): Promise<void> {
  const verb = report.applied ? "Restored" : "Preview:";
  await out.line(
    `${out.paint("bold", verb)} ${visible(report.target)} as of ${timeText(report.instant)}, mode ${report.mode}`,
  );
  const counts = ACTIONS.filter(([action]) => report.counts[action] > 0);
  if (counts.length === 0) await out.line("  no item is concerned");
  const width = Math.max(0, ...counts.map(([action]) => countText(report.counts[action]).length));
  for (const [action, words] of counts) {
    const text = report.applied ? words.applied : words.preview;
    const count = countText(report.counts[action]).padStart(width);
    const examples = action === "same" ? "" : examplesText(report, action);
    await out.line(
      `  ${count}  ${words.style ? out.paint(words.style, text) : text}${out.paint("dim", examples)}`,
    );
  }
  for (const failure of report.failures.slice(0, FAILURES_SHOWN))
    await out.line(`  ${itemText(failure, report.applied)}`);
  const unnamed = report.failures.length - FAILURES_SHOWN;
  if (unnamed > 0) await out.line(`  and ${countOf(unnamed, "more item")}; --json lists them`);
  await out.lines(idLines(report));
  if (report.applied) await out.line(`  in ${durationText(report.durationMs)}`);
  if (report.undo !== null) {
    await out.line(`To take it back: holdfast undo ${report.task} ${report.undo}`);
  }
}

/** Old and new ids, aligned, one in a line: to be pasted into whatever configures the applications. */
function idLines({ ids = [], target }: RestoreReport): string[] {
  const changed = ids.filter((row) => row.kept !== row.target);
  if (changed.length === 0) return [];
  const width = (pick: (row: IdRow) => string) => Math.max(...changed.map((row) => pick(row).length));
  const groups = width((row) => row.group);
  const kept = width((row) => row.kept);
  return [
    visible(`  New ids in ${target} (what, old, new):`),
    ...changed.map((row) =>
      visible(`    ${row.group.padEnd(groups)}  ${row.kept.padEnd(kept)}  ${row.target}`),
    ),
  ];
}

/** One item in a line, for `--list-items` and failures. */
export function itemText(row: RestoreItemRow, applied: boolean): string {
  const words = ACTIONS.find(([action]) => action === row.action)?.[1];
  const what = (applied ? words?.applied : words?.preview) ?? row.action;
  const reason = row.reason === undefined ? "" : ` (${row.reason})`;
  return visible(`${what}: ${row.key}${reason}`);
}

/** Whether some item did not come back. */
export function restoreIncomplete(report: RestoreReport): boolean {
  return report.counts.failed > 0 || report.counts.unstable > 0;
}

/** How many items a restore would write. */
export function writesOf(report: RestoreReport): number {
  return report.counts.create + report.counts.change + report.counts.delete;
}

function examplesText(report: RestoreReport, action: Action): string {
  const shown = report.samples.filter((row) => row.action === action).slice(0, EXAMPLES_SHOWN);
  if (shown.length === 0) return "";
  const more = report.counts[action] > shown.length ? ", …" : "";
  return `  ${visible(shown.map((row) => row.key).join(", "))}${more}`;
}
