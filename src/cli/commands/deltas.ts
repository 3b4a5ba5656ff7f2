import type { Command } from "commander";
import type { DeltaRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countText, sizeText, timeText } from "../format.ts";
import type { Column } from "../table.ts";

/** Shown where a run was marked. */
const MARKS: Column<DeltaRow> = {
  title: "MARKS",
  value: ({ anomalies = [] }) =>
    anomalies.map(({ kind, acknowledged }) => (acknowledged ? `${kind} (acknowledged)` : kind)).join(", "),
  style: ({ anomalies = [] }) => (anomalies.some(({ acknowledged }) => !acknowledged) ? "yellow" : undefined),
};

export function deltasCommand(app: App): Command {
  return defineCommand(app, {
    usage: "deltas <task>",
    summary: "list a task's baselines and deltas, newest first",
    details: "Each line's instant is a point in time that can be read and restored.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: ["holdfast deltas prod/orders"],
    json: { form: "lines", type: "DeltaRow" },
    run: async (invocation, [task = ""]) => {
      await using workspace = await invocation.open("none");
      const rows = await invocation.operations.listDeltas(workspace, { task }, invocation.hooks);
      const marked = rows.some(({ anomalies }) => anomalies !== undefined);
      await invocation.out.list<DeltaRow>(
        rows,
        [
          { title: "INSTANT", value: (row) => timeText(row.to) },
          { title: "LEVEL", value: (row) => row.level },
          { title: "EPOCH", align: "right", value: (row) => countText(row.epoch) },
          { title: "LIVE", align: "right", value: (row) => countText(row.live) },
          { title: "DELETED", align: "right", value: (row) => countText(row.deleted) },
          { title: "PURGED", align: "right", value: (row) => countText(row.purged) },
          { title: "BODIES", align: "right", value: (row) => sizeText(row.bodyBytes) },
          { title: "STORED", align: "right", value: (row) => sizeText(row.storedBytes) },
          { title: "RUN", value: (row) => row.run },
          ...(marked ? [MARKS] : []),
        ],
        "The timeline is empty.",
      );
    },
  });
}
