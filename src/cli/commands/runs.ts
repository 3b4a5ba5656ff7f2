import type { Command } from "commander";
import type { RunReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { runFailed } from "../exit-codes.ts";
import { countText, durationText, sizeText, timeText } from "../format.ts";
import { positiveNumber } from "../numbers.ts";

interface Options {
  readonly limit?: number;
}

export function runsCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "runs [task]",
    summary: "list the runs of a task, newest first",
    arguments: { task: "the task (default: all)" },
    examples: ["holdfast runs prod/orders", "holdfast runs prod/orders --limit 10 --json"],
    json: { form: "lines", type: "RunReport" },
    options: (command) => command.option("--limit <count>", "only the newest of each task", positiveNumber),
    run: async (invocation, [task], options) => {
      await using workspace = await invocation.open("none");
      const request = task === undefined ? {} : { task };
      const runs = newest(
        invocation.operations.listRuns(workspace, request, invocation.hooks),
        options.limit,
      );
      await invocation.out.list<RunReport>(
        runs,
        [
          ...(task === undefined ? [{ title: "TASK", value: taskLabel }] : []),
          { title: "STARTED", value: (row) => timeText(row.startedAt) },
          {
            title: "STATE",
            value: (row) => row.state,
            style: (row) => (runFailed(row) ? "red" : row.state === "committed" ? "green" : "yellow"),
          },
          { title: "KIND", value: (row) => row.kind ?? "" },
          { title: "LIVE", align: "right", value: (row) => countText(row.live) },
          { title: "DELETED", align: "right", value: (row) => countText(row.deleted) },
          { title: "PURGED", align: "right", value: (row) => countText(row.purged) },
          { title: "STORED", align: "right", value: (row) => sizeText(row.storedBytes) },
          {
            title: "TOOK",
            align: "right",
            value: (row) => (row.endedAt === null ? "" : durationText(row.durationMs)),
          },
          {
            title: "INSTANT",
            value: (row) => (row.error ? `${row.error.code}: ${row.error.message}` : timeText(row.instant)),
          },
        ],
        "No run is recorded yet.",
      );
    },
  });
}

/** The first `limit` runs of each task. */
async function* newest(runs: AsyncIterable<RunReport>, limit = Infinity): AsyncGenerator<RunReport> {
  const seen = new Map<string, number>();
  for await (const run of runs) {
    const count = (seen.get(run.task) ?? 0) + 1;
    seen.set(run.task, count);
    if (count <= limit) yield run;
  }
}

/** A task that has no timeline yet is known by its name alone. */
function taskLabel(row: RunReport): string {
  return row.source === "" ? row.task : `${row.source}/${row.collection}`;
}
