import type { Command } from "commander";
import { defineCommand, groupCommand, type App } from "../command.ts";
import { sizeText, timeText, visible } from "../format.ts";
import type { TrashRow } from "../../operations/reports.ts";

interface RestoreOptions {
  readonly reason?: string;
  readonly dryRun?: boolean;
}

export function trashCommand(app: App): Command {
  return groupCommand("trash", "instants that rollups gave up and cleanup has not forgotten yet", [
    listCommand(app),
    restoreCommand(app),
  ]);
}

function listCommand(app: App): Command {
  return defineCommand(app, {
    usage: "list [task]",
    summary: "list what can be brought back, and until when",
    arguments: { task: "SOURCE/COLLECTION or backup-… (default: all tasks)" },
    examples: ["holdfast trash list", "holdfast trash list prod/orders"],
    json: { form: "lines", type: "TrashRow" },
    run: async (invocation, [task]) => {
      await using workspace = await invocation.open("none");
      const rows: TrashRow[] = [];
      const request = task === undefined ? {} : { task };
      for await (const row of invocation.operations.listTrash(workspace, request, invocation.hooks))
        rows.push(row);
      await invocation.out.list(
        rows,
        [
          { title: "TASK", value: (row) => visible(`${row.source}/${row.collection}`) },
          { title: "INSTANT", value: (row) => timeText(row.instant) },
          { title: "LEVEL", value: (row) => row.level },
          { title: "GIVEN UP", value: (row) => timeText(row.retiredAt) },
          { title: "UNTIL", value: (row) => (row.until === null ? "for ever" : timeText(row.until)) },
          { title: "SIZE", value: (row) => sizeText(row.bytes) },
        ],
        "The trash is empty.",
      );
    },
  });
}

function restoreCommand(app: App): Command {
  return defineCommand<RestoreOptions>(app, {
    usage: "restore <task> <instant>",
    summary: "bring an instant back into the timeline, under a hold",
    details:
      "Nothing is read from or written to the source. Release the hold when the instant is no longer needed.",
    arguments: {
      task: "SOURCE/COLLECTION or backup-…",
      instant: "the instant as trash list has it, or a date: the newest of that day, UTC",
    },
    examples: ["holdfast trash restore prod/orders 2026-11-12T02:00:00Z --reason 'case 4711'"],
    json: { form: "document", type: "TrashReport" },
    options: (command) =>
      command
        .option("--reason <text>", "why, for whoever finds the hold")
        .option("--dry-run", "only say whether it can be done"),
    run: async (invocation, [task = "", at = ""], options) => {
      await using workspace = await invocation.open("none");
      const request = {
        task,
        at,
        reason: options.reason ?? "brought back from the trash",
        dryRun: options.dryRun ?? false,
      };
      const report = await invocation.operations.restoreFromTrash(workspace, request, invocation.hooks);
      if (invocation.out.json) return invocation.out.document(report);
      const name = visible(`${report.source}/${report.collection}`);
      const instant = timeText(report.instant);
      return invocation.out.line(
        report.applied
          ? `${instant} is part of ${name} again, held as ${report.hold ?? ""}.`
          : `${instant} of ${name} can be brought back.`,
      );
    },
  });
}
