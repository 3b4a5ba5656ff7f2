import type { Command } from "commander";
import type { VersionRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countText, sizeText, timeText } from "../format.ts";
import { stateText } from "./ls.ts";

export function logCommand(app: App): Command {
  return defineCommand(app, {
    usage: "log <task> <item>",
    summary: "list every kept version of an item, newest first",
    arguments: { task: "SOURCE/COLLECTION or backup-…", item: "the item's key: a document's id" },
    examples: ["holdfast log prod/orders order:1017"],
    json: { form: "lines", type: "VersionRow" },
    run: async (invocation, [task = "", item = ""]) => {
      await using workspace = await invocation.open("none");
      const rows = invocation.operations.itemLog(workspace, { task, item }, invocation.hooks);
      await invocation.out.list<VersionRow>(
        rows,
        [
          { title: "SEEN", value: (row) => timeText(row.seen) },
          { title: "INSTANT", value: (row) => timeText(row.instant) },
          { title: "LEVEL", value: (row) => row.level },
          { title: "SIZE", align: "right", value: (row) => sizeText(row.bytes) },
          { title: "BLOBS", align: "right", value: (row) => (row.blobs === 0 ? "" : countText(row.blobs)) },
          { title: "STATE", value: stateText, style: (row) => (row.kind === "live" ? undefined : "yellow") },
          { title: "REVISION", value: (row) => row.revision },
        ],
        "No version of this item was ever kept.",
      );
    },
  });
}
