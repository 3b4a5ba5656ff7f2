import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import type { HoldfastError } from "../../model/errors.ts";
import type { RunReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { EXIT_INCOMPLETE, exitOfRuns, isMarked, runFailed } from "../exit-codes.ts";
import { countOf, countText, durationText, sizeText, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import { runReadinessLines } from "../readiness-text.ts";
import { configuredStandbys } from "../standbys.ts";

interface Options {
  readonly reconcile?: boolean;
  readonly rollup: boolean;
  readonly due?: boolean;
}

/** Columns for the task's name: the rows are printed as runs end, before all names are known. */
const NAME_WIDTH = 30;

export function backupCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "backup [select...]",
    summary: "run the backup of tasks: a baseline the first time, then deltas",
    details:
      "One line for each task as it ends. A task that fails does not stop the others; the exit status is then 3.\n" +
      "An interrupted run continues from its last checkpoint when the command is repeated.",
    arguments: { select: "SOURCE or SOURCE/COLLECTION (default: everything that is configured)" },
    examples: [
      "holdfast backup",
      "holdfast backup --due",
      "holdfast backup prod",
      "holdfast backup prod/orders prod/customers",
    ],
    json: { form: "lines", type: "RunReport" },
    options: (command) =>
      command
        .option("--reconcile", "compare with the source as a whole, as every seventh run does anyway")
        .option("--due", "only tasks whose time has come, as their policies say: for cron and timers")
        .option("--no-rollup", "neither roll up nor clean up afterwards"),
    run: async (invocation, given, options) => {
      const select = given.filter((text) => text !== undefined);
      const { out } = invocation;
      const config = await invocation.config();
      const names = [...new Set(select.map((text) => text.split("/", 1)[0] as string))];
      const unreached = new Map<string, HoldfastError>();
      await using workspace = await invocation.open(names.length > 0 ? names : "all", (source, error) =>
        unreached.set(source, error),
      );
      for (const [source, error] of unreached) out.warn(`Source ${source} is left out: ${error.message}`);
      // Nothing selected means everything, so what is left must be named when something cannot be reached.
      const left =
        select.length > 0
          ? select.filter((text) => !unreached.has(text.split("/", 1)[0] as string))
          : unreached.size > 0
            ? [...config.sources.keys()].filter((source) => !unreached.has(source))
            : [];
      const firstUnreached = [...unreached.values()][0];
      if (firstUnreached && left.length === 0) throw firstUnreached;
      const runs: RunReport[] = [];
      const request = {
        select: left,
        reconcile: options.reconcile ?? false,
        maintain: options.rollup,
        standbys: await configuredStandbys(invocation),
        due: options.due ?? false,
      };
      for await (const run of invocation.operations.backup(workspace, request, invocation.hooks)) {
        runs.push(run);
        if (out.json) await out.document(run);
        else await out.lines(runLines(run, out));
      }
      if (!out.json && runs.length > 1) out.note(summary(runs));
      if (invocation.signal.aborted) return ERROR_CODES.interrupted.exit;
      const exit = exitOfRuns(runs);
      return firstUnreached && exit === 0 ? EXIT_INCOMPLETE : exit;
    },
  });
}

/** A run in a line, and its troubles below. */
function runLines(run: RunReport, out: Output): string[] {
  const name = visible(`${run.source}/${run.collection}`).padEnd(NAME_WIDTH);
  if (runFailed(run)) {
    const why = run.error ? `${visible(run.error.message)} (${run.error.code})` : run.state;
    return [`${out.paint("red", "failed")}  ${name}  ${why}`];
  }
  const found = [countOf(run.live, "item")];
  if (run.deleted > 0) found.push(`${countText(run.deleted)} deleted`);
  if (run.purged > 0) found.push(`${countText(run.purged)} purged`);
  if (run.blobs > 0) found.push(countOf(run.blobs, "blob"));
  const quiet = run.live + run.deleted + run.purged === 0;
  const what = quiet && run.kind === "delta" ? "no change" : found.join(", ");
  const facts = [what, `${sizeText(run.storedBytes)} stored`, durationText(run.durationMs)];
  const label = isMarked(run) ? "MARKED" : run.state === "committed" ? "ok" : run.state;
  const lines = [
    `${out.paint(isMarked(run) ? "red" : "green", label.padEnd(6))}  ${name}  ${(run.kind ?? "").padEnd(8)}  ${timeText(run.instant)}  ${facts.join(", ")}`,
  ];
  if (run.reason !== undefined) lines.push(`        new baseline because ${visible(run.reason)}`);
  lines.push(...markLines(run, out), ...maintenanceLines(run, out));
  lines.push(...runReadinessLines(run.readiness, `${run.source}/${run.collection}`, out));
  for (const warning of run.warnings)
    lines.push(`        ${out.paint("yellow", "warning")} ${visible(warning)}`);
  return lines;
}

/** Why the run was marked, that the task is frozen, and what to do. */
function markLines({ anomalies = [], frozen, source, collection }: RunReport, out: Output): string[] {
  const lines = anomalies.map(({ message }) => `        ${out.paint("red", "marked")} ${visible(message)}`);
  if (frozen === undefined) return lines;
  const task = visible(`${source}/${collection}`);
  const compare = frozen.lastGood === null ? "" : `holdfast diff ${task} ${frozen.lastGood} latest, then `;
  return [
    ...lines,
    `        ${out.paint("yellow", "frozen")} since ${timeText(frozen.since)}: no rollup and no cleanup until a person has looked:`,
    `        ${compare}holdfast retention acknowledge ${task} --reason TEXT`,
  ];
}

/** What rollup and cleanup did, where that is worth a line. */
function maintenanceLines({ maintenance }: RunReport, out: Output): string[] {
  if (maintenance === undefined) return [];
  if (maintenance.error !== undefined) {
    const { code, message } = maintenance.error;
    return [
      `        ${out.paint("yellow", "kept, but")} rollup and cleanup failed: ${visible(message)} (${code})`,
    ];
  }
  const done: string[] = [];
  if (maintenance.dropped > 0)
    done.push(`${countOf(maintenance.dropped, "instant")} merged into coarser ones`);
  if (maintenance.cleanedFiles > 0) {
    done.push(
      `${countOf(maintenance.cleanedFiles, "file")} cleaned up, ${sizeText(maintenance.cleanedBytes)}`,
    );
  }
  return done.length === 0 ? [] : [`        ${done.join("; ")}`];
}

function summary(runs: readonly RunReport[]): string {
  const failed = runs.filter(runFailed).length;
  const total = (pick: (run: RunReport) => number) => runs.reduce((sum, run) => sum + pick(run), 0);
  const stored = sizeText(total((run) => run.storedBytes));
  const tasks = countOf(runs.length, "task");
  return failed === 0
    ? `${tasks}, ${stored} stored.`
    : `${tasks}, ${countText(failed)} failed, ${stored} stored.`;
}
