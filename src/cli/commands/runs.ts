import type { Command } from "commander";
import type { RunReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { isMarked, runFailed } from "../exit-codes.ts";
import { countOf, countText, durationText, sizeText, timeText } from "../format.ts";
import { positiveNumber } from "../numbers.ts";
import type { Output } from "../output.ts";

interface Options {
  readonly limit?: number;
}

/** Runs of each task that are shown unless more are asked for: about a screen, and seven weeks of daily runs. */
const SHOWN = 50;

export function runsCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "runs [task]",
    summary: "list the runs of a task, newest first",
    arguments: { task: "the task (default: all)" },
    examples: ["holdfast runs prod/orders", "holdfast runs prod/orders --limit 10 --json"],
    json: { form: "lines", type: "RunReport" },
    options: (command) =>
      command.option(
        "--limit <count>",
        "the newest of each task (default: 50; with --json all)",
        positiveNumber,
      ),
    run: async (invocation, [task], options) => {
      await using workspace = await invocation.open("none");
      const { out } = invocation;
      // A program that reads JSON is not tired by long lists.
      const limit = options.limit ?? (out.json ? undefined : SHOWN);
      const hidden = new Map<string, number>();
      const request = {
        ...(task === undefined ? {} : { task }),
        ...(limit === undefined ? {} : { limit }),
        counted: (name: string, runs: number) => hidden.set(name, runs - (limit ?? runs)),
      };
      const runs = invocation.operations.listRuns(workspace, request, invocation.hooks);
      await out.list<RunReport>(
        runs,
        [
          ...(task === undefined ? [{ title: "TASK", value: taskLabel }] : []),
          { title: "STARTED", value: (row) => timeText(row.startedAt) },
          {
            title: "STATE",
            value: (row) => (isMarked(row) ? "marked" : row.state),
            style: (row) =>
              runFailed(row) ? "red" : row.state === "committed" && !isMarked(row) ? "green" : "yellow",
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
      noteHidden([...hidden.values()], out);
    },
  });
}

/** `hidden`: for each task, runs beyond the limit. */
function noteHidden(hidden: readonly number[], out: Output): void {
  const older = hidden.reduce((sum, runs) => sum + Math.max(0, runs), 0);
  if (older > 0) out.note(`${countOf(older, "older run")} not shown: --limit COUNT shows more.`);
}

/** A task that has no timeline yet is known by its name alone. */
function taskLabel(row: RunReport): string {
  return row.source === "" ? row.task : `${row.source}/${row.collection}`;
}
