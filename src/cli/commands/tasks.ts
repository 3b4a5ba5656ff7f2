import type { Command } from "commander";
import type { TaskSummary } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countText, sizeText, timeText } from "../format.ts";
import type { Column } from "../table.ts";

/** Shown where a task is frozen. */
const STATE: Column<TaskSummary> = {
  title: "STATE",
  value: ({ frozen }) => (frozen === undefined ? "" : `frozen since ${timeText(frozen.since)}`),
  style: ({ frozen }) => (frozen === undefined ? undefined : "yellow"),
};

export function tasksCommand(app: App): Command {
  return defineCommand(app, {
    usage: "tasks",
    summary: "list the tasks and how far their timelines reach",
    examples: ["holdfast tasks", "holdfast tasks --json"],
    json: { form: "lines", type: "TaskSummary" },
    run: async (invocation) => {
      await using workspace = await invocation.open("none");
      const tasks = await invocation.operations.listTasks(workspace, invocation.hooks);
      const frozen = tasks.some((row) => row.frozen !== undefined);
      await invocation.out.list<TaskSummary>(
        tasks,
        [
          { title: "TASK", value: (row) => `${row.source}/${row.collection}` },
          { title: "NAME", value: (row) => row.task },
          { title: "INSTANTS", align: "right", value: (row) => countText(row.instants) },
          { title: "OLDEST", value: (row) => timeText(row.oldest) },
          { title: "LATEST", value: (row) => timeText(row.latest) },
          { title: "NEXT", value: (row) => timeText(row.nextDue) },
          { title: "STORED", align: "right", value: (row) => sizeText(row.storedBytes) },
          ...(frozen ? [STATE] : []),
        ],
        "Nothing has been backed up yet: holdfast backup makes the first baselines.",
      );
    },
  });
}
