/**
 * A difference written for people and for programs.
 */
import type { JsonDiff } from "./diff.ts";

/** One line for each side: `- path: before`, `+ path: after`; `~ path: before → after` where only the order differs. */
export function renderDiffText(diff: JsonDiff): string[] {
  return diff.flatMap(({ path, kind, before, after }) => {
    const at = path === "" ? "" : `${path}: `;
    if (kind === "reordered") return [`~ ${at}${before} → ${after}`];
    const lines: string[] = [];
    if (before !== undefined) lines.push(`- ${at}${before}`);
    if (after !== undefined) lines.push(`+ ${at}${after}`);
    return lines;
  });
}

/** An array of the changes; `before` and `after` are embedded as they stand, so that no number is rounded on the way. */
export function renderDiffJson(diff: JsonDiff): string {
  const changes = diff.map(({ path, kind, before, after }) => {
    const members = [`"path":${JSON.stringify(path)}`, `"kind":${JSON.stringify(kind)}`];
    if (before !== undefined) members.push(`"before":${before}`);
    if (after !== undefined) members.push(`"after":${after}`);
    return `{${members.join(",")}}`;
  });
  return `[${changes.join(",")}]`;
}
