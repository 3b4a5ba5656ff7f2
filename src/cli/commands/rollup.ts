import type { Command } from "commander";
import type { RolledUpRow, RollupReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { countOf, sizeText, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly dryRun?: boolean;
  readonly compact?: boolean;
}

/** Instants named for each entry; the JSON report has all. */
const INSTANTS_SHOWN = 4;
const LEVEL_WIDTH = 8;

export function rollupCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "rollup [task...]",
    summary: "merge the oldest deltas of each level into the next, as the policy says",
    details:
      "Every backup does this by itself. What is merged away can be brought back with holdfast trash until cleanup. A merged delta is read back " +
      "and proven before the timeline uses it. Nothing is merged before an anomaly was acknowledged: the exit status is then 3.",
    arguments: { task: "SOURCE/COLLECTION or backup-… (default: every task of a configured source)" },
    examples: [
      "holdfast rollup --dry-run",
      "holdfast rollup prod/orders",
      "holdfast rollup prod/orders --compact",
    ],
    json: { form: "lines", type: "RollupReport" },
    options: (command) =>
      command
        .option("--dry-run", "only say what would be merged")
        .option("--compact", "merge also what is only gathered so far"),
    run: async (invocation, given, options) => {
      await using workspace = await invocation.open("none");
      const { out } = invocation;
      const request = {
        tasks: given.filter((text) => text !== undefined),
        dryRun: options.dryRun ?? false,
        compact: options.compact ?? false,
      };
      let refused = false;
      let reports = 0;
      for await (const report of invocation.operations.rollup(workspace, request, invocation.hooks)) {
        reports += 1;
        refused ||= report.refused !== null;
        if (out.json) await out.document(report);
        else await print(report, out);
      }
      if (reports === 0) out.note("There is no task to roll up.");
      return refused ? EXIT_INCOMPLETE : 0;
    },
  });
}

async function print(report: RollupReport, out: Output): Promise<void> {
  const name = visible(`${report.source}/${report.collection}`);
  if (report.refused !== null) {
    const why =
      "a run looked like an accident or an attack, so nothing is merged until a person acknowledges it.";
    await out.line(`${out.paint("yellow", "frozen")}  ${name}: ${why}`);
    return;
  }
  if (report.rolledUp.length === 0) {
    await out.line(`${name}: nothing to roll up.`);
    return;
  }
  const verb = report.dryRun ? "would be given up" : "given up";
  const bytes = report.dryRun
    ? ""
    : `, ${sizeText(report.readBytes)} read, ${sizeText(report.writtenBytes)} written`;
  await out.line(`${name}: ${countOf(report.drops.length, "instant")} ${verb}${bytes}.`);
  await out.lines(report.rolledUp.map(entryLine));
}

function entryLine({ level, to, how, inputs }: RolledUpRow): string {
  const from = inputs.slice(0, INSTANTS_SHOWN).map(timeText).join(", ");
  const more =
    inputs.length > INSTANTS_SHOWN ? ` and ${countOf(inputs.length - INSTANTS_SHOWN, "more", "more")}` : "";
  return `    ${level.padEnd(LEVEL_WIDTH)}  ${timeText(to)}  ${how} from ${from}${more}`;
}
