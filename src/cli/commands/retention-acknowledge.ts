import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { AcknowledgeReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly reason?: string;
  readonly expected?: boolean;
}

export function retentionAcknowledgeCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "acknowledge <task>",
    summary: "say that you have looked at a marked run, so that rollup and cleanup go on",
    details:
      "A run that looks like an accident or an attack is kept and marked, and nothing of the task is merged or deleted until this is said. " +
      "First compare it with the last good run, and restore what was damaged. With --expected the run was ordinary work: it counts as good, " +
      "and the same is not marked again.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast retention acknowledge prod/orders --reason 'yearly clean-out, ticket 4711' --expected",
      "holdfast retention acknowledge prod/orders --reason 'ransomware; restored from 2026-11-20'",
    ],
    json: { form: "document", type: "AcknowledgeReport" },
    options: (command) =>
      command
        .option("--reason <text>", "what it was; kept with the marked runs")
        .option("--expected", "it was ordinary work"),
    run: async (invocation, [task = ""], { reason, expected = false }) => {
      if (reason === undefined) throw new HoldfastError("usage", "Say with --reason what it was.");
      await using workspace = await invocation.open("none");
      const request = { task, reason, expected };
      const report = await invocation.operations.acknowledge(workspace, request, invocation.hooks);
      if (invocation.out.json) await invocation.out.document(report);
      else await print(report, invocation.out);
    },
  });
}

async function print({ source, collection, runs, freeze }: AcknowledgeReport, out: Output): Promise<void> {
  const name = visible(`${source}/${collection}`);
  if (runs.length === 0 && freeze === null) {
    await out.line(`${name}: nothing is marked that was not acknowledged before.`);
    return;
  }
  await out.line(`${name}: ${countOf(runs.length, "marked run")} acknowledged; rollup and cleanup go on.`);
  for (const { instant, anomalies } of runs) {
    for (const { message } of anomalies) await out.line(`    ${timeText(instant)}  ${visible(message)}`);
  }
}
