import type { Command } from "commander";
import type { ErasureRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countText, timeText } from "../format.ts";

export function erasuresCommand(app: App): Command {
  return defineCommand(app, {
    usage: "erasures <task>",
    summary: "list the certificates of erased items",
    details: "Items are named by a keyed hash only; --json prints the certificates whole.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: ["holdfast erasures prod/people", "holdfast erasures prod/people --json"],
    json: { form: "lines", type: "ErasureRow" },
    run: async (invocation, [task = ""]) => {
      await using workspace = await invocation.open("none");
      await invocation.out.list<ErasureRow>(
        invocation.operations.listErasures(workspace, { task }, invocation.hooks),
        [
          { title: "CERTIFICATE", value: (row) => row.erasure },
          { title: "ERASED", value: (row) => timeText(row.at) },
          { title: "COMPLETE", value: (row) => timeText(row.completedAt) },
          { title: "VERSIONS", align: "right", value: (row) => countText(row.versions.length) },
          { title: "FILES", align: "right", value: (row) => countText(row.files.length) },
          { title: "REASON", value: (row) => row.reason },
        ],
        "Nothing has been erased.",
      );
    },
  });
}
