import { resolve } from "node:path";
import { InvalidArgumentError, Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { ExportReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { countOf, durationText, sizeText, timeText, visible } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { Output } from "../output.ts";
import { addScopeOptions, chosenScope, type ChosenScope, type ScopeOptions } from "../scope-options.ts";

interface Options extends ScopeOptions {
  readonly at?: string;
  readonly format: ExportReport["format"];
  readonly output?: string;
  readonly attachments?: boolean;
  readonly bufferSize?: number;
}

const STDOUT = "-";

export function exportCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "export [task]",
    summary:
      "write one instant as a file that others read: for couchrestore, as JSON lines, or as an archive",
    details:
      "Reads the repository alone; no server is asked. couchbackup: all leaf revisions with their histories, deleted ones too, for\n" +
      "couchrestore. ndjson: everything that Holdfast knows of each item, with a digest at the end. tar: each document and each\n" +
      "attachment a file. A file appears under its name when it is whole, and is as readable as its folder: it is not encrypted.\n" +
      "The exit status is 3 when something was kept without its content, or lost, and so is not in the file.",
    arguments: {
      task: "SOURCE/COLLECTION or backup-… (default: with COUCH_URL set, couch/$COUCH_DATABASE)",
    },
    examples: [
      "holdfast export prod/orders --output orders.txt",
      "holdfast export prod/orders --at 2026-11-20 --format tar | tar -tf -",
      "holdfast export prod/orders --prefix invoice: --format ndjson --output invoices.ndjson",
    ],
    json: { form: "document", type: "ExportReport; on stderr when the export goes to stdout" },
    options: (command) =>
      addScopeOptions(
        command
          .option(
            "--at <time>",
            "the instant: a time, a date, latest, latest~2 or '2h ago' (default: latest)",
          )
          .addOption(
            new Option("--format <format>", "the format")
              .choices(["couchbackup", "ndjson", "tar"])
              .default("couchbackup"),
          )
          .option("-o, --output <file>", "the file; - is standard output (default: -)")
          .option("--attachments", "with the contents of attachments (default)")
          .option("--no-attachments", "without the contents of attachments")
          .option("--buffer-size <number>", "couchbackup: most revisions on a line (default: 500)", lineSize),
      ),
    run: async (invocation, [given], options) => {
      const { out } = invocation;
      const chosen = await chooseTask(invocation, given);
      const scope = await optionalScope(options, invocation.io.cwd);
      const output = options.output ?? chosen.output ?? STDOUT;
      if (output === STDOUT && options.format === "tar" && invocation.io.stdout.isTTY) {
        throw new HoldfastError("usage", "An archive on a terminal helps nobody: give --output FILE.");
      }
      const lineDocuments = options.bufferSize ?? chosen.lineDocuments;
      await using workspace = await invocation.open("none");
      const report = await invocation.operations.exportInstant(
        workspace,
        {
          task: chosen.task,
          format: options.format,
          scope,
          attachments: chosen.attachments ?? options.attachments ?? true,
          output:
            output === STDOUT ? async (piece) => toStdout(piece, out) : resolve(invocation.io.cwd, output),
          ...(options.at === undefined ? {} : { at: options.at }),
          ...(lineDocuments === undefined ? {} : { lineDocuments }),
        },
        invocation.hooks,
      );
      out.endProgress();
      if (output === STDOUT && out.json) await invocation.io.stderr.write(`${JSON.stringify(report)}\n`);
      else if (out.json) await out.document(report);
      else tell(report, out);
      warnOfGaps(report, out);
      return report.lost > 0 || (report.attachments && report.contentMissing > 0) ? EXIT_INCOMPLETE : 0;
    },
  });
}

function lineSize(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("It is a whole number from 1 on.");
  return Number(text);
}

interface ChosenTask {
  readonly task: string;
  readonly output?: string | undefined;
  readonly lineDocuments?: number | undefined;
  readonly attachments?: boolean | undefined;
}

/** couchbackup's variables count for the source that they describe. Errors: `usage` without a task. */
async function chooseTask(invocation: Invocation, given: string | undefined): Promise<ChosenTask> {
  const { COUCH_SOURCE, couchExportDefaults } = await import("../../catalog/config/couch-environment.ts");
  const defaults = couchExportDefaults(invocation.io.env);
  if (given === undefined) {
    if (defaults === undefined) throw new HoldfastError("usage", "Say which task: SOURCE/COLLECTION.");
    return defaults;
  }
  return given.startsWith(`${COUCH_SOURCE}/`) ? { ...defaults, task: given } : { task: given };
}

/** As restore has it, but everything where nothing is said: an export harms nobody. */
async function optionalScope(options: ScopeOptions, cwd: string): Promise<ChosenScope> {
  const { id, idsFile, prefix, partition, selector, all } = options;
  const given = [id, idsFile, prefix, partition, selector, all].some((option) => option !== undefined);
  return given ? chosenScope(options, cwd) : {};
}

async function toStdout(piece: Buffer, out: Output): Promise<void> {
  await out.bytes(piece);
  if (out.closed) {
    throw new HoldfastError(
      "file-failed",
      "Whoever read standard output went away before the export was whole.",
    );
  }
}

function tell(report: ExportReport, out: Output): void {
  const where = report.output === null ? "" : ` to ${report.output}`;
  const counts = [
    countOf(report.documents, "document"),
    countOf(report.revisions, "revision"),
    countOf(report.blobs, "attachment"),
  ];
  out.note(
    visible(
      `Exported ${report.source}/${report.collection} as of ${timeText(report.instant)}${where}: ${counts.join(", ")}, ` +
        `${sizeText(report.bytes)} in ${durationText(report.durationMs)}.`,
    ),
  );
  out.note(`SHA-256 ${report.sha256}`);
  const { security, settings, local } = report.leftOut;
  const left = [
    ...(security > 0 ? ["the security object"] : []),
    ...(settings > 0 ? ["the database's settings"] : []),
    ...(local > 0 ? [countOf(local, "local document")] : []),
  ];
  if (left.length > 0) out.note(`Left out, because this format has no place for it: ${left.join(", ")}.`);
  if (report.format !== "couchbackup") return;
  if (report.blobs > 0) out.note("couchrestore needs its option --attachments for this file.");
  if (report.validators > 0) {
    const documents = countOf(report.validators, "design document");
    out.note(
      `${documents} that may refuse older documents come last: let couchrestore write them last with --parallelism 1.`,
    );
  }
}

function warnOfGaps({ contentMissing, attachments, format, lost }: ExportReport, out: Output): void {
  if (contentMissing > 0) {
    const why = attachments ? "were never kept with their content" : "are in it without their content";
    const then = format === "couchbackup" ? "; couchrestore refuses documents with such attachments" : "";
    out.warn(`${countOf(contentMissing, "attachment")} ${why}${then}.`);
  }
  if (lost > 0)
    out.warn(`${countOf(lost, "item")} whose versions are lost ${lost === 1 ? "is" : "are"} not in it.`);
}
