import type { Command } from "commander";
import type { ItemRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countText, sizeText, timeText } from "../format.ts";

interface Options {
  readonly at?: string;
  readonly prefix?: string;
  readonly deleted?: boolean;
}

export function lsCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "ls <task>",
    summary: "list the items of a task as of an instant",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast ls prod/orders",
      "holdfast ls prod/orders --at 2026-11-20 --prefix invoice:",
      "holdfast ls prod/orders --at latest~1 --deleted",
    ],
    json: { form: "lines", type: "ItemRow" },
    options: (command) =>
      command
        .option("--at <time>", "the instant: a time, a date, latest, latest~2 or '2h ago'", "latest")
        .option("--prefix <text>", "only items whose key begins so")
        .option("--deleted", "deleted items too"),
    run: async (invocation, [task = ""], options) => {
      await using workspace = await invocation.open("none");
      const rows = invocation.operations.listItems(workspace, { task, ...options }, invocation.hooks);
      await invocation.out.list<ItemRow>(
        rows,
        [
          { title: "SEEN", value: (row) => timeText(row.seen) },
          { title: "SIZE", align: "right", value: (row) => sizeText(row.bytes) },
          { title: "BLOBS", align: "right", value: (row) => (row.blobs === 0 ? "" : countText(row.blobs)) },
          { title: "STATE", value: stateText, style: (row) => (row.kind === "live" ? undefined : "yellow") },
          { title: "REVISION", value: (row) => row.revision },
          { title: "ITEM", value: (row) => row.key },
        ],
        "There is no such item at this instant.",
      );
    },
  });
}

/** Live items are the rule and say nothing; conflicts count the leaves beside the winner. */
export function stateText(row: ItemRow): string {
  const conflicts = row.parts > 1 ? `${countText(row.parts - 1)} in conflict` : "";
  if (row.kind === "live") return conflicts;
  return conflicts === "" ? row.kind : `${row.kind}, ${conflicts}`;
}
