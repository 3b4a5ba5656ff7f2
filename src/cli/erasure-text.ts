/**
 * A certificate of erasure as people read and file it.
 */
import type { EraseReport, ErasureRow } from "../operations/reports.ts";
import { countOf, sizeText, timeText, visible, wrapped } from "./format.ts";
import type { Output } from "./output.ts";

/** Versions named one by one; the JSON certificate has all. */
const VERSIONS_SHOWN = 20;
const FILES_SHOWN = 20;
const INDENT = "    ";

/** The item's name is printed where it is known; the kept certificate has only its hash. */
export async function printErasure(report: EraseReport, out: Output): Promise<void> {
  const { applied, completedAt, versions, files, blobs, bytes, restores } = report;
  const task = visible(`${report.source}/${report.collection}`);
  const verb = applied ? (completedAt === null ? "Erased, not finished:" : "Erased:") : "Preview:";
  await out.line(`${out.paint("bold", verb)} "${visible(report.item)}" of ${task}`);
  if (applied) {
    await out.facts([
      [`${INDENT}certificate`, report.erasure],
      [`${INDENT}item`, report.itemHash],
      [`${INDENT}erased`, timeText(report.at)],
      [`${INDENT}reason`, report.reason === "" ? "none given" : report.reason],
      [`${INDENT}complete`, completedAt === null ? "not yet" : timeText(completedAt)],
      [`${INDENT}generation`, String(report.generation ?? "")],
    ]);
  }
  const would = applied ? "" : "would be ";
  await out.line(`${INDENT}${countOf(versions.length, "version")} ${would}removed`);
  for (const { seen, instants } of versions.slice(0, VERSIONS_SHOWN)) {
    await out.line(`${INDENT}    seen ${timeText(seen)}, kept at ${instants.map(timeText).join(", ")}`);
  }
  await more(versions.length - VERSIONS_SHOWN, out);
  const own = blobs === 0 ? "" : `, with ${countOf(blobs, "blob")} that no other item has`;
  await out.line(`${INDENT}${countOf(files.length, "file")} ${would}replaced, ${sizeText(bytes)}${own}`);
  if (applied) await out.lines(fileLines(report));
  if (applied) await more(files.length - FILES_SHOWN, out);
  for (const restore of restores) {
    await out.line(
      `${INDENT}restore ${visible(restore)} ${applied ? "can" : "could"} no longer be undone: it had touched the item`,
    );
  }
  await out.line(`${INDENT}not reached:`);
  for (const sentence of report.notReached) {
    const [first = "", ...rest] = wrapped(visible(sentence), out.width - INDENT.length - 6);
    await out.lines([`${INDENT}    - ${first}`, ...rest.map((line) => `${INDENT}      ${line}`)]);
  }
  if (applied && completedAt === null) {
    await out.line(
      "No reader finds the item any more, but its old files wait for somebody who still works from an older generation. " +
        "holdfast cleanup, or the next backup, deletes them and files the certificate; a lease that a crash left behind runs out after a day.",
    );
  }
}

function fileLines({ files }: ErasureRow): string[] {
  return files
    .slice(0, FILES_SHOWN)
    .flatMap(({ path, sha256, into }) => [
      `${INDENT}    ${visible(path)}  ${sha256 ?? "named by no manifest"}`,
      ...(into.length === 0 ? [`${INDENT}      nothing was left of it`] : []),
      ...into.map((file) => `${INDENT}      now ${visible(file.path)}  ${file.sha256 ?? ""}`),
    ]);
}

async function more(count: number, out: Output): Promise<void> {
  if (count > 0) await out.line(`${INDENT}    and ${countOf(count, "more", "more")}; --json lists them`);
}
