import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { ImportReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, durationText, sizeText, timeText, visible } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly as: string;
  readonly at?: string;
  readonly format: ImportReport["format"] | "auto";
  readonly dryRun?: boolean;
  readonly acceptTruncated?: boolean;
  readonly newRevisions?: boolean;
}

const STDIN = "-";

/** Documents named whose attachments have no content; the JSON report has up to 1,000. */
const EXAMPLES_SHOWN = 5;

export function importCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "import <file>",
    summary: "make a task's first baseline from a file of couchbackup or of holdfast export",
    details:
      "The file's texts are kept byte for byte; nothing is asked of any server. A file that is cut off, damaged or empty is refused\n" +
      "and changes nothing. Files compressed with gzip are unpacked. The task's next backup reads its database anew, into a new epoch:\n" +
      "a file does not say where in the database's feed to go on, and couchbackup changes large numbers.",
    arguments: { file: "the file; - is standard input" },
    examples: [
      "holdfast import orders-2024.txt --as prod/orders --dry-run",
      "holdfast import orders-2024.txt --as archive/orders --at 2024-12-31",
      "holdfast import orders.ndjson --as lab/orders",
    ],
    json: { form: "document", type: "ImportReport" },
    options: (command) =>
      command
        .requiredOption("--as <source/collection>", "the task that is made; it must not have a timeline yet")
        .option(
          "--at <time>",
          "when the data was like this (default: what the file says, else the file's own time)",
        )
        .addOption(
          new Option("--format <format>", "the file's format")
            .choices(["auto", "couchbackup", "ndjson", "tar"])
            .default("auto"),
        )
        .option("--dry-run", "read the file to its end and say what is in it; write nothing")
        .option("--accept-truncated", "take what there is of a file that is cut off")
        .option("--new-revisions", "where only some documents have a _rev, make one up for the others"),
    run: async (invocation, [file = ""], options) => {
      const slash = options.as.indexOf("/");
      if (slash < 1 || slash === options.as.length - 1) {
        throw new HoldfastError("usage", `--as takes SOURCE/COLLECTION, not "${options.as}".`);
      }
      await using workspace = await invocation.open("none");
      const report = await invocation.operations.importFile(
        workspace,
        {
          input: inputOf(invocation, file),
          source: options.as.slice(0, slash),
          collection: options.as.slice(slash + 1),
          ...(options.at === undefined ? {} : { at: options.at }),
          ...(options.format === "auto" ? {} : { format: options.format }),
          apply: !options.dryRun,
          acceptTruncated: options.acceptTruncated ?? false,
          newRevisions: options.newRevisions ?? false,
        },
        invocation.hooks,
      );
      invocation.out.endProgress();
      for (const warning of report.warnings) invocation.out.warn(warning);
      if (invocation.out.json) await invocation.out.document(report);
      else await print(report, invocation.out);
    },
  });
}

function inputOf({ io, signal }: Invocation, file: string): string | AsyncIterable<Buffer> {
  if (file !== STDIN) return resolve(io.cwd, file);
  if (io.stdin === undefined) throw new HoldfastError("usage", "There is no standard input to read.");
  return io.stdin(signal);
}

async function print(report: ImportReport, out: Output): Promise<void> {
  const verb = report.applied ? "Imported" : "Would import";
  await out.line(
    `${out.paint("bold", verb)} ${visible(report.file)} (${report.format}) as ${visible(`${report.source}/${report.collection}`)}`,
  );
  const revisions = countOf(report.revisions, "revision");
  const rows: [string, string][] = [
    ["instant", `${timeText(report.instant)}, from ${report.instantFrom}`],
    ...(report.origin === "" ? [] : [["holds", report.origin] as [string, string]]),
    [
      "documents",
      report.documents === null
        ? revisions
        : `${countOf(report.documents, "document")}, ${report.deleted ?? 0} of them deleted; ${revisions} in the file`,
    ],
    ["attachments", countOf(report.blobs, "attachment")],
    ["read", `${sizeText(report.bytes)} in ${durationText(report.durationMs)}`],
    ...(report.applied
      ? [["stored", `${sizeText(report.storedBytes)}, run ${report.run}`] as [string, string]]
      : []),
  ];
  await out.facts(rows);
  for (const { key, attachments } of report.contentMissing.examples.slice(0, EXAMPLES_SHOWN)) {
    await out.line(visible(`  without content: ${key} (${attachments.join(", ")})`));
  }
  const more = report.contentMissing.documents - EXAMPLES_SHOWN;
  if (more > 0) await out.line(`  and ${countOf(more, "more document")}`);
}
