import type { Command } from "commander";
import type { StandbyRunRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE, exitOfCode } from "../exit-codes.ts";
import { countOf, durationText, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import { itemText } from "../restore-text.ts";
import { configuredStandbys, reachOfRun } from "../standbys.ts";

interface Options {
  readonly dryRun?: boolean;
  readonly verify?: boolean;
}

/** Failures named one by one; the JSON rows have up to 1,000. */
const FAILURES_SHOWN = 10;

export function standbyRunCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "run [name...]",
    summary: "bring standbys to the newest kept instants, by changes only",
    details:
      "Works from the repository: the source itself is not asked. One that has the newest instant already costs no request. Models of Form\n" +
      "Recognizer live only inside the service: they are copied from the source as it is now. The exit status is 3 when a standby could\n" +
      "not be given everything.",
    arguments: { name: "a configured standby (default: all)" },
    examples: ["holdfast standby run", "holdfast standby run stt --dry-run", "holdfast standby run --verify"],
    json: { form: "lines", type: "StandbyRunRow" },
    options: (command) =>
      command
        .option("--dry-run", "only say what would be done")
        .option("--verify", "compare with the second instance even if nothing is new"),
    run: async (invocation, given, options) => {
      const standbys = await configuredStandbys(invocation);
      const names = given.filter((name) => name !== undefined);
      await using workspace = await invocation.open(await reachOfRun(invocation, standbys, names));
      const rows: StandbyRunRow[] = [];
      const request = {
        standbys,
        names,
        apply: !(options.dryRun ?? false),
        verify: options.verify ?? false,
      };
      for await (const row of invocation.operations.runStandbys(workspace, request, invocation.hooks)) {
        rows.push(row);
        if (invocation.out.json) await invocation.out.document(row);
        else await print(row, invocation.out);
      }
      return exitOf(rows);
    },
  });
}

function exitOf(rows: readonly StandbyRunRow[]): number {
  const failed = rows.filter(({ state }) => state === "failed");
  const [first] = failed;
  if (first?.error !== undefined && failed.length === rows.length) return exitOfCode(first.error.code);
  return failed.length > 0 || rows.some(({ failed: items }) => items > 0) ? EXIT_INCOMPLETE : 0;
}

async function print(row: StandbyRunRow, out: Output): Promise<void> {
  await out.line(
    visible(`${row.standby}: ${row.collection} of ${row.source} in ${row.target}: ${whatText(row)}`),
  );
  for (const failure of row.failures.slice(0, FAILURES_SHOWN))
    await out.line(`    ${itemText(failure, row.state !== "preview")}`);
  const unnamed = row.failures.length - FAILURES_SHOWN;
  if (row.routes !== undefined) await out.line(`    ${routesText(row.routes)}`);
  if (unnamed > 0) await out.line(`    and ${countOf(unnamed, "more item")}; --json lists them`);
}

function whatText(row: StandbyRunRow): string {
  const { created, changed, deleted, failed, durationMs } = row;
  const instant = row.instant === null ? "" : timeText(row.instant);
  switch (row.state) {
    case "empty":
      return "nothing has been kept of it yet: back the source up first";
    case "in-step":
      return `in step, as of ${instant}`;
    case "failed":
      return `failed: ${row.error?.message ?? ""}`;
    case "preview":
      return `would be brought to ${instant === "" ? "the present state" : instant}: ${created} to create, ${changed} to change, ${deleted} to delete, ${failed} refused`;
    default: {
      const missing = failed > 0 ? `, ${countOf(failed, "item")} MISSING` : "";
      return `brought to ${instant}: ${created} created, ${changed} changed, ${deleted} deleted${missing}, in ${durationText(durationMs)}`;
    }
  }
}

function routesText({ generation, ready, older, missing }: NonNullable<StandbyRunRow["routes"]>): string {
  const lacks = [
    ...(older > 0 ? [`${older} only in an OLDER state`] : []),
    ...(missing > 0 ? [`${missing} MISSING`] : []),
  ];
  return `routing table, generation ${generation}: ${[`${ready} ready`, ...lacks].join(", ")}`;
}
