import type { Command } from "commander";
import type { StandbyStatusRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE } from "../exit-codes.ts";
import { durationText, timeText, visible } from "../format.ts";
import type { Column } from "../table.ts";
import { configuredStandbys } from "../standbys.ts";

export function standbyStatusCommand(app: App): Command {
  return defineCommand(app, {
    usage: "status [name...]",
    summary: "show how far standbys are behind",
    details:
      "LAG is the age of what the standby has: what failing over now would lose at most. The exit status is 3 when a standby lacks\n" +
      "kept runs or items, or copies have expired. EXPIRING counts copies that expire within 60 days: only building them again prolongs\n" +
      "their life.",
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
          ...(rows.some(({ copies }) => copies !== undefined) ? COPY_COLUMNS : []),
        ],
        "No standby is configured.",
      );
      return rows.some(lacks) ? EXIT_INCOMPLETE : 0;
    },
  });
}

/** Of kinds whose service copies: what the last published routing table says. */
const COPY_COLUMNS: readonly Column<StandbyStatusRow>[] = [
  { title: "ROUTED", value: ({ copies }) => (copies === undefined ? "-" : String(copies.ready)) },
  {
    title: "NOT ROUTED",
    value: ({ copies }) => (copies === undefined ? "-" : String(copies.older + copies.missing)),
  },
  {
    title: "EXPIRING",
    value: ({ copies }) => {
      if (copies === undefined || copies.nextExpiry === null) return "-";
      if (copies.expired > 0) return `${copies.expired} EXPIRED`;
      return copies.expiring > 0 ? `${copies.expiring}, first ${timeText(copies.nextExpiry)}` : "-";
    },
  },
];

function lacks({ behind, failed, copies }: StandbyStatusRow): boolean {
  if (behind > 0 || failed > 0) return true;
  return copies !== undefined && copies.older + copies.missing + copies.expired > 0;
}
