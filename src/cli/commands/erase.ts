import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { EraseReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { printErasure } from "../erasure-text.ts";
import { EXIT_FAILED, EXIT_INCOMPLETE } from "../exit-codes.ts";
import type { Invocation } from "../invocation.ts";

interface Options {
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function eraseCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "erase <task> <item>",
    summary: "remove one item from the whole history, with a certificate",
    details:
      "Every file that holds a version of the item, or content that only it had, is written again without it and deleted; all other items stay as " +
      "they were at every instant. This cannot be undone. It is refused while a hold keeps the item. Delete the item at the source and back up before: " +
      "a backup that meets it there again keeps it anew. The certificate is printed with the item's name and kept without it. The exit status is " +
      "3 while old files wait for somebody who still reads them; cleanup finishes it then.",
    arguments: { task: "SOURCE/COLLECTION or backup-…", item: "the item's key, as holdfast ls lists it" },
    examples: [
      "holdfast erase prod/people person:4711 --dry-run",
      "holdfast erase prod/people person:4711 --reason 'request 2026-113'",
      "holdfast erase prod/people person:4711 --reason 'request 2026-113' --yes > certificate.txt",
    ],
    json: { form: "document", type: "EraseReport" },
    options: (command) =>
      command
        .option("--reason <text>", "why; part of the certificate")
        .option("--dry-run", "only say what would be erased")
        .option("--yes", "do not ask"),
    run: async (invocation, [task = "", item = ""], { reason = "", dryRun = false, yes = false }) => {
      if (dryRun && yes) throw new HoldfastError("usage", "--dry-run only previews: leave --yes out.");
      if (!dryRun && !yes && !invocation.mayAsk) {
        throw new HoldfastError(
          "usage",
          "There is nobody to ask whether to erase: repeat with --yes to act, or with --dry-run for the preview alone.",
        );
      }
      await using workspace = await invocation.open("none");
      const pass = async (apply: boolean): Promise<EraseReport> => {
        const request = { task, item, reason, apply };
        const report = await invocation.operations.erase(workspace, request, invocation.hooks);
        invocation.out.endProgress();
        return report;
      };
      if (!yes) {
        const preview = await pass(false);
        await show(preview, invocation);
        if (dryRun) return 0;
        const versions =
          preview.versions.length === 1 ? "its one version" : `its ${preview.versions.length} versions`;
        if (!(await invocation.confirm(`Erase "${item}" and ${versions} for ever?`))) {
          invocation.out.note("Nothing was erased.");
          return EXIT_FAILED;
        }
      }
      const report = await pass(true);
      await show(report, invocation);
      return report.completedAt === null ? EXIT_INCOMPLETE : 0;
    },
  });
}

async function show(report: EraseReport, { out }: Invocation): Promise<void> {
  if (out.json) await out.document(report);
  else await printErasure(report, out);
}
