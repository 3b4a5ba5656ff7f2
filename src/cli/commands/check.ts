import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import { HoldfastError } from "../../model/errors.ts";
import type { CheckReport, CoverageReport, Finding } from "../../operations/reports.ts";
import { share, timeSpan } from "../amounts.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, durationText, sizeText, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";

interface Options {
  readonly readData?: boolean;
  readonly for?: number;
  readonly sample?: number;
  readonly window: number;
}

/** What counts as read back lately. */
const DEFAULT_WINDOW_MS = 30 * 86_400_000;

/** Items named under a finding; the JSON report has all. */
const ITEMS_SHOWN = 5;

const SEVERITY_STYLES: Readonly<Record<Finding["severity"], Style>> = {
  error: "red",
  warning: "yellow",
  note: "dim",
};

export function checkCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "check [task]",
    summary: "examine the repository and name every damaged file, run and item",
    details:
      "Without --read-data: every manifest and every object's presence and size. With it every byte is read and verified too: " +
      "of each version with a key that may read, of each file by its digest with one that may only write.\n\n" +
      "With --for or --sample a part is read, what was read longest ago first. What was read is remembered in the repository, so " +
      "that short checks, one each night, come round to everything; the last line says how much was read back lately. A file that was " +
      "found damaged is read again by every check until it is sound.",
    arguments: { task: "only this task (default: all)" },
    examples: [
      "holdfast check",
      "holdfast check prod/orders --read-data",
      "holdfast check --read-data --for 10m",
    ],
    json: { form: "document", type: "CheckReport" },
    options: (command) =>
      command
        .option("--read-data", "also read and verify every byte")
        .option("--for <time>", "with --read-data: end after this time, e.g. 10m", timeSpan)
        .option(
          "--sample <share>",
          "with --read-data: end when this share of all bytes was read, e.g. 5%",
          share,
        )
        .option("--window <time>", "what counts as read back lately, e.g. 7d", timeSpan, DEFAULT_WINDOW_MS),
    run: async (invocation, [task], options) => {
      const { for: forMs, sample, window } = options;
      const sliced = forMs !== undefined || sample !== undefined;
      if (sliced && options.readData !== true)
        throw new HoldfastError("usage", "--for and --sample say how much data is read: add --read-data.");
      await using workspace = await invocation.open("none");
      const slice = {
        ...(forMs === undefined ? {} : { forMs }),
        ...(sample === undefined ? {} : { share: sample }),
      };
      const request = {
        ...(task === undefined ? {} : { task }),
        readData: options.readData ?? false,
        window,
        ...(sliced ? { slice } : {}),
      };
      const report = await invocation.operations.check(workspace, request, invocation.hooks);
      if (invocation.out.json) await invocation.out.document(report);
      else await printCheck(report, window, invocation.out);
      return report.ok ? 0 : ERROR_CODES["check-failed"].exit;
    },
  });
}

async function printCheck(report: CheckReport, window: number, out: Output): Promise<void> {
  for (const finding of report.findings) {
    const severity = out.paint(SEVERITY_STYLES[finding.severity], finding.severity.padEnd(7));
    await out.line(`${severity}  ${visible(finding.path)}: ${visible(finding.message)} (${finding.code})`);
    const detail = async (label: string, values: readonly string[]) => {
      if (values.length === 0) return;
      const shown = values.slice(0, ITEMS_SHOWN).map(visible).join(", ");
      const more =
        values.length > ITEMS_SHOWN ? ` and ${countOf(values.length - ITEMS_SHOWN, "more", "more")}` : "";
      await out.line(`         ${label.padEnd(8)}  ${shown}${more}`);
    };
    await detail("task", finding.task === null ? [] : [finding.task]);
    await detail("runs", finding.runs);
    await detail("instants", finding.instants);
    await detail("items", finding.items);
  }
  const errors = report.findings.filter(({ severity }) => severity === "error").length;
  const verdict = report.ok
    ? out.paint("green", "No damage found")
    : out.paint("red", `The repository is damaged: ${countOf(errors, "error")}`);
  const seen = [
    countOf(report.tasks, "task"),
    countOf(report.segments, "segment"),
    countOf(report.packs, "pack"),
  ];
  await out.line(
    `${verdict}. Checked ${seen.join(", ")}, read ${sizeText(report.bytesRead)} in ${durationText(report.durationMs)}.`,
  );
  if (report.coverage !== undefined) await out.line(coverageText(report.coverage, window));
}

/** `98 % of bytes read back in the last 30 days; longest ago on 2026-10-20T02:00:00Z.` */
function coverageText({ share: part, oldest }: CoverageReport, window: number): string {
  // 100 % is said of everything only.
  const percent = part === 1 ? 100 : Math.floor(part * 1_000) / 10;
  const last = oldest === null ? "some files never were" : `the file read longest ago: ${timeText(oldest)}`;
  return `${percent} % of bytes read back in the last ${spanText(window)}; ${last}.`;
}

const SPANS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1_000],
] as const;

function spanText(ms: number): string {
  const [name, unit] = SPANS.find(([, length]) => ms % length === 0) ?? ["ms", 1];
  return countOf(ms / unit, name);
}
