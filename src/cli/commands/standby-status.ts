import type { Command } from "commander";
import type { StandbyStatusRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { durationText, timeText, visible } from "../format.ts";
import { configuredStandbys } from "../standbys.ts";

export function standbyStatusCommand(app: App): Command {
  return defineCommand(app, {
    usage: "status [name...]",
    summary: "show how far standbys are behind",
    details:
      "LAG is the age of what the standby has: what failing over now would lose at most. The exit status is 3 when a standby lacks\n" +
      "kept runs or items.",
    arguments: { name: "a configured standby (default: all)" },
    examples: ["holdfast standby status", "holdfast standby status stt --json"],
    json: { form: "lines", type: "StandbyStatusRow" },
    run: async (invocation, given) => {
      const standbys = await configuredStandbys(invocation);
      const names = given.filter((name) => name !== undefined);
      await using workspace = await invocation.open("none");
      const rows: StandbyStatusRow[] = [];
      const request = { standbys, names };
      for await (const row of invocation.operations.standbyStatus(workspace, request, invocation.hooks))
        rows.push(row);
      await invocation.out.list(
        rows,
        [
          { title: "STANDBY", value: (row) => visible(row.standby) },
          { title: "TASK", value: (row) => visible(`${row.source}/${row.collection}`) },
          { title: "IN", value: (row) => visible(row.target) },
          { title: "AS OF", value: (row) => (row.instant === null ? "never run" : timeText(row.instant)) },
          { title: "LAG", value: (row) => (row.lagMs === null ? "-" : durationText(row.lagMs)) },
          { title: "RUNS BEHIND", value: (row) => String(row.behind) },
          { title: "MISSING", value: (row) => String(row.failed) },
        ],
        "No standby is configured.",
      );
      return rows.some(({ behind, failed }) => behind > 0 || failed > 0) ? EXIT_INCOMPLETE : 0;
    },
  });
}
