import type { Command } from "commander";
import type { CleanupFile, CleanupReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { countOf, sizeText, visible } from "../format.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly dryRun?: boolean;
  readonly list?: boolean;
  readonly sweep?: boolean;
}

/** Instants named in a line; the JSON report has all. */
const INSTANTS_SHOWN = 5;
const SIZE_WIDTH = 8;
const FATE_WIDTH = 7;

const REASONS: Readonly<Record<CleanupFile["why"], string>> = {
  retired: "a rollup replaced it",
  unreferenced: "nothing names it",
  erased: "erased",
  repaired: "replaced by a repair",
};

export function cleanupCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "cleanup [task...]",
    summary: "delete what rollups replaced, once its time is over, and what nothing names any more",
    details:
      "Every backup with a key that may read does this by itself. What a rollup replaced stays for the policy's cleanupAfter and can be\n" +
      "brought back until then; holds keep it for as long as they last. Nothing is deleted while somebody restores from it, or after a\n" +
      "listing that does not show every file that timelines need. After an anomaly nothing is deleted before a person has acknowledged\n" +
      "it: the exit status is then 3.",
    arguments: { task: "SOURCE/COLLECTION or backup-… (default: every task of a configured source)" },
    examples: [
      "holdfast cleanup --dry-run",
      "holdfast cleanup prod/orders --dry-run --list",
      "holdfast cleanup --sweep",
    ],
    json: { form: "lines", type: "CleanupReport, or CleanupLine with --list" },
    options: (command) =>
      command
        .option("--dry-run", "only say what would be deleted")
        .option("--list", "list every file, not only examples")
        .option("--sweep", "search for files that nothing names now, not only once a day"),
    run: async (invocation, given, options) => {
      await using workspace = await invocation.open("none");
      const { out } = invocation;
      let written = Promise.resolve();
      const list = (file: CleanupFile) => {
        if (!options.list) return;
        written = written.then(() =>
          out.json ? out.document({ file }) : out.line(fileLine(file, options.dryRun ?? false)),
        );
      };
      const request = {
        tasks: given.filter((text) => text !== undefined),
        dryRun: options.dryRun ?? false,
        sweep: options.sweep ?? false,
        onFile: list,
      };
      let refused = false;
      let reports = 0;
      for await (const report of invocation.operations.cleanup(workspace, request, invocation.hooks)) {
        await written;
        reports += 1;
        refused ||= report.refused !== null;
        if (out.json) await out.document(options.list ? { report } : report);
        else await print(report, options.list ?? false, out);
      }
      if (reports === 0) out.note("There is no task to clean up.");
      return refused ? EXIT_INCOMPLETE : 0;
    },
  });
}

async function print(report: CleanupReport, listed: boolean, out: Output): Promise<void> {
  const name = visible(`${report.source}/${report.collection}`);
  if (report.refused !== null) {
    await out.line(
      `${out.paint("yellow", "frozen")}  ${name}: a run looked like an accident or an attack, so nothing is deleted until a person acknowledges it.`,
    );
    return;
  }
  const verb = report.dryRun ? "would be deleted" : "deleted";
  const deleted =
    report.files === 0
      ? `nothing ${verb}`
      : `${countOf(report.files, "file")} ${verb}, ${sizeText(report.bytes)}`;
  const waits =
    report.waiting === 0
      ? ""
      : `; ${countOf(report.waiting, "file")} waiting, ${sizeText(report.waitingBytes)}`;
  await out.line(`${name}: ${deleted}${waits}.`);
  if (report.forgotten.length > 0)
    await out.line(`    no longer brought back: ${instantsText(report.forgotten)}`);
  if (listed) return;
  await out.lines(report.examples.map((file) => fileLine(file, report.dryRun)));
  const more = report.files + report.waiting - report.examples.length;
  if (more > 0) await out.line(`    and ${countOf(more, "more file")}: --list shows all`);
}

function instantsText(instants: readonly string[]): string {
  const more = instants.length - INSTANTS_SHOWN;
  const shown = instants.slice(0, INSTANTS_SHOWN).join(", ");
  return more > 0 ? `${shown} and ${countOf(more, "more", "more")}` : shown;
}

function fileLine({ path, bytes, why, fate }: CleanupFile, dryRun: boolean): string {
  const what = fate === "deleted" && dryRun ? "delete" : fate;
  return `    ${what.padEnd(FATE_WIDTH)}  ${sizeText(bytes).padStart(SIZE_WIDTH)}  ${visible(path)}  ${REASONS[why]}`;
}
