import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import type { CompareReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, countText, durationText, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import { addScopeOptions, chosenScope, type ScopeOptions } from "../scope-options.ts";

interface Options extends ScopeOptions {
  readonly at?: string;
  readonly to?: string;
  readonly toSource?: string;
}

/** Differences printed; the JSON report has up to 1,000. */
const DIFFERENCES_SHOWN = 50;

export function compareCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "compare <task>",
    summary: "prove a collection equal to an instant, item by item",
    details:
      "Only reads. Compares the collection that was kept unless told otherwise, and every item unless some are chosen.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast compare prod/orders",
      "holdfast compare prod/orders --at 2026-11-20 --to orders-check",
    ],
    json: { form: "document", type: "CompareReport" },
    options: (command) =>
      addScopeOptions(
        command
          .option("--at <time>", "the instant (default: latest)")
          .option("--to <collection>", "with this collection")
          .option("--to-source <name>", "at this source"),
      ),
    run: async (invocation, [task = ""], options) => {
      const { at, to, toSource, ...chosen } = options;
      const scope = await chosenScope(
        Object.keys(chosen).length === 0 ? { all: true } : chosen,
        invocation.io.cwd,
      );
      await using workspace = await invocation.openForTasks([task], toSource === undefined ? [] : [toSource]);
      const report = await invocation.operations.compare(
        workspace,
        {
          task,
          scope,
          target: {
            ...(to === undefined ? {} : { collection: to }),
            ...(toSource === undefined ? {} : { source: toSource }),
          },
          ...(at === undefined ? {} : { at }),
        },
        invocation.hooks,
      );
      if (invocation.out.json) await invocation.out.document(report);
      else await printComparison(report, invocation.out);
      return report.equal ? 0 : ERROR_CODES["compare-differs"].exit;
    },
  });
}

async function printComparison(report: CompareReport, out: Output): Promise<void> {
  const verdict = report.equal
    ? out.paint("green", "Equal")
    : out.paint("red", countOf(report.differenceCount, "difference"));
  await out.line(`${verdict}: ${visible(report.target)} and the instant ${timeText(report.instant)}`);
  for (const { key, difference, detail } of report.differences.slice(0, DIFFERENCES_SHOWN)) {
    await out.line(`  ${difference.padEnd(8)}  ${visible(`${key}: ${detail}`)}`);
  }
  const more = report.differenceCount - Math.min(DIFFERENCES_SHOWN, report.differences.length);
  if (more > 0) await out.line(`  and ${countText(more)} more; --json lists up to 1,000`);
  const parts = [
    countOf(report.items, "item"),
    countOf(report.parts, "body", "bodies"),
    countOf(report.blobs, "blob"),
  ];
  await out.line(`  compared ${parts.join(", ")} in ${durationText(report.durationMs)}`);
}
