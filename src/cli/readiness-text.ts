/**
 * Whether things could be rebuilt, as people read it: loud where they could not.
 */
import type { Verdict } from "../model/verdict.ts";
import type { MissingRow, ReadinessRow, ReadinessSummary } from "../operations/reports.ts";
import { countOf, durationText, visible } from "./format.ts";
import type { Output } from "./output.ts";
import type { Style } from "./style.ts";

const WORDS: Readonly<Record<Verdict, { readonly text: string; readonly style: Style }>> = {
  complete: { text: "recoverable", style: "green" },
  degraded: { text: "recoverable, but", style: "yellow" },
  partial: { text: "NOT WHOLLY RECOVERABLE", style: "red" },
  lost: { text: "NOT RECOVERABLE", style: "red" },
};

const VERDICT_WIDTH = Math.max(...Object.values(WORDS).map(({ text }) => text.length));

/** What is missing of one object, named one by one; the JSON rows have all. */
const MISSING_SHOWN = 10;
/** The same where a backup tells it. */
const MISSING_SHOWN_IN_RUN = 3;

/** One object and what is missing of it. */
export function readinessLines(
  { key, verdict, missing, estimateMs, copies = [], copyOf }: ReadinessRow,
  out: Output,
): string[] {
  const { text, style } = WORDS[verdict];
  const estimate = estimateMs === null ? "" : `  (at least ${durationText(estimateMs)})`;
  return [
    `${out.paint(style, text.padEnd(VERDICT_WIDTH))}  ${visible(key)}${estimate}`,
    ...copies.map((standby) => `    a verified copy is in standby ${visible(standby)}`),
    ...(copyOf === undefined ? [] : [`    it is a standby's copy of ${visible(copyOf)}`]),
    ...missingLines(key, missing, MISSING_SHOWN).map((line) => `    ${line}`),
  ];
}

/** What a run's report says below its line. */
export function runReadinessLines(
  summary: ReadinessSummary | undefined,
  task: string,
  out: Output,
): string[] {
  if (summary === undefined) return [];
  const { counts, notRecoverable, remedy } = summary;
  const bad = counts.partial + counts.lost;
  if (bad === 0) {
    const degraded = counts.degraded === 0 ? "" : `, ${counts.degraded} with something unknown`;
    return [`        ${countOf(counts.complete + counts.degraded, "object")} recoverable${degraded}`];
  }
  const lines = [
    `        ${out.paint("red", `${WORDS[counts.lost > 0 ? "lost" : "partial"].text}: ${countOf(bad, "object")}`)}`,
  ];
  for (const { key, missing } of notRecoverable) {
    lines.push(`          ${visible(key)}`);
    lines.push(...missingLines(key, missing, MISSING_SHOWN_IN_RUN).map((line) => `            ${line}`));
  }
  const unnamed = bad - notRecoverable.length;
  if (unnamed > 0) lines.push(`          and ${unnamed} more`);
  const mend = remedy === undefined ? "" : `; to mend it: ${remedy}`;
  lines.push(`          all of it: holdfast readiness ${visible(task)}${mend}`);
  return lines;
}

function missingLines(object: string, missing: readonly MissingRow[], most: number): string[] {
  const lines = missing
    .slice(0, most)
    .map(({ key, what }) => visible(key === null || key === object ? what : `${key}: ${what}`));
  const unnamed = missing.length - lines.length;
  return unnamed > 0 ? [...lines, `and ${unnamed} more`] : lines;
}
