import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import type { CheckReport, Finding } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, durationText, sizeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";

interface Options {
  readonly readData?: boolean;
}

/** Items named under a finding; the JSON report has all. */
const ITEMS_SHOWN = 5;

const SEVERITY_STYLES: Readonly<Record<Finding["severity"], Style>> = {
  error: "red",
  warning: "yellow",
  note: "dim",
};

export function checkCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "check [task]",
    summary: "examine the repository and name every damaged file, run and item",
    details:
      "Without --read-data: every manifest and every object's presence and size. With it every byte is read and verified too.",
    arguments: { task: "only this task (default: all)" },
    examples: ["holdfast check", "holdfast check prod/orders --read-data"],
    json: { form: "document", type: "CheckReport" },
    options: (command) => command.option("--read-data", "also read and verify every byte"),
    run: async (invocation, [task], options) => {
      await using workspace = await invocation.open("none");
      const request = { ...(task === undefined ? {} : { task }), readData: options.readData ?? false };
      const report = await invocation.operations.check(workspace, request, invocation.hooks);
      if (invocation.out.json) await invocation.out.document(report);
      else await printCheck(report, invocation.out);
      return report.ok ? 0 : ERROR_CODES["check-failed"].exit;
    },
  });
}

async function printCheck(report: CheckReport, out: Output): Promise<void> {
  for (const finding of report.findings) {
    const severity = out.paint(SEVERITY_STYLES[finding.severity], finding.severity.padEnd(7));
    await out.line(`${severity}  ${visible(finding.path)}: ${visible(finding.message)} (${finding.code})`);
    const detail = async (label: string, values: readonly string[]) => {
      if (values.length === 0) return;
      const shown = values.slice(0, ITEMS_SHOWN).map(visible).join(", ");
      const more =
        values.length > ITEMS_SHOWN ? ` and ${countOf(values.length - ITEMS_SHOWN, "more", "more")}` : "";
      await out.line(`         ${label.padEnd(8)}  ${shown}${more}`);
    };
    await detail("task", finding.task === null ? [] : [finding.task]);
    await detail("runs", finding.runs);
    await detail("instants", finding.instants);
    await detail("items", finding.items);
  }
  const errors = report.findings.filter(({ severity }) => severity === "error").length;
  const verdict = report.ok
    ? out.paint("green", "No damage found")
    : out.paint("red", `The repository is damaged: ${countOf(errors, "error")}`);
  const seen = [
    countOf(report.tasks, "task"),
    countOf(report.segments, "segment"),
    countOf(report.packs, "pack"),
  ];
  await out.line(
    `${verdict}. Checked ${seen.join(", ")}, read ${sizeText(report.bytesRead)} in ${durationText(report.durationMs)}.`,
  );
}
