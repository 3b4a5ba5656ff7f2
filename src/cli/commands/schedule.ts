import type { Command } from "commander";
import type { NextRunRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { timeText, visible } from "../format.ts";
import { positiveNumber } from "../numbers.ts";

interface Options {
  readonly count: number;
}

const DEFAULT_COUNT = 10;

const WHY: Readonly<Record<NextRunRow["why"], string>> = {
  now: "is due",
  retry: "failed before",
  regular: "",
};

export function scheduleCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "schedule [task...]",
    summary: "show which runs come next, as serve would begin them",
    details:
      "Works with and without a running server. Runs are taken to last no time; those that wait for others begin later.",
    arguments: { task: "a source or SOURCE/COLLECTION (default: every job)" },
    examples: ["holdfast schedule", "holdfast schedule prod/orders --count 30"],
    json: { form: "lines", type: "NextRunRow" },
    options: (command) =>
      command.option("-n, --count <number>", "how many runs", positiveNumber, DEFAULT_COUNT),
    run: async (invocation, given, { count }) => {
      const [{ scheduleSettings, serverFolder }, { readJobMemories }] = await Promise.all([
        import("../../catalog/config/server-options.ts"),
        import("../../catalog/jobs/job-catalog.ts"),
      ]);
      const config = await invocation.config();
      const settings = scheduleSettings(config);
      using memories = readJobMemories(serverFolder(config));
      await using workspace = await invocation.open("all");
      const select = given.filter((text) => text !== undefined);
      const rows = await invocation.operations.listNextRuns(
        workspace,
        settings,
        memories,
        { select, count },
        invocation.hooks,
      );
      await invocation.out.list<NextRunRow>(
        rows,
        [
          { title: "AT", value: (row) => timeText(row.at) },
          { title: "JOB", value: (row) => visible(row.job) },
          { title: "", value: (row) => WHY[row.why] },
        ],
        "Nothing is configured that could run.",
      );
    },
  });
}
