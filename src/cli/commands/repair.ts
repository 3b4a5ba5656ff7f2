import type { Command } from "commander";
import { ERROR_CODES } from "../../model/error-codes.ts";
import type { LostRow, RepairedObject, RepairReport } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, countText, durationText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";

interface Options {
  readonly from?: string;
  readonly fromSource?: boolean;
  readonly acceptLoss?: boolean;
  readonly readData?: boolean;
  readonly dryRun?: boolean;
}

const OUTCOME_STYLES: Readonly<Record<RepairedObject["outcome"], Style>> = {
  repaired: "green",
  "given-up": "yellow",
  unrepaired: "red",
};

const LABEL_WIDTH = 9;

export function repairCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "repair [task...]",
    summary: "bring damaged and missing files back, or tell exactly what is lost",
    details:
      "Finds the damage, then puts each file together again: from what is left of it, from deltas that a rollup replaced, from a " +
      "second copy of the repository (--from), and from the service, where a version is still current there (--from-source). " +
      "Everything is read back before it takes the damaged file's place.\n\n" +
      "Where something is found nowhere, nothing is changed and every lost version is listed. With --accept-loss the rest is made " +
      "whole, and reading a lost version says that it is lost, never giving an older one for it.\n\n" +
      "Looks at data that an earlier check found damaged; --read-data reads all of it first.",
    arguments: { task: "only these tasks (default: all, and the key slots)" },
    examples: [
      "holdfast repair --dry-run",
      "holdfast repair --from /mnt/second-copy --read-data",
      "holdfast repair prod/orders --from-source",
    ],
    json: { form: "document", type: "RepairReport" },
    options: (command) =>
      command
        .option("--from <folder>", "a second copy of this repository")
        .option("--from-source", "fetch again what is still current at the service")
        .option("--accept-loss", "give up what no place has")
        .option("--read-data", "read every byte to find the damage")
        .option("--dry-run", "tell what would be done; write nothing"),
    run: async (invocation, given, options) => {
      const tasks = given.filter((task) => task !== undefined);
      const fromSource = options.fromSource ?? false;
      await using workspace = fromSource
        ? await (tasks.length > 0
            ? invocation.openForTasks(tasks)
            : invocation.open("all", (_source, error) => invocation.out.warn(error.message)))
        : await invocation.open("none");
      const request = {
        ...(tasks.length === 0 ? {} : { tasks }),
        ...(options.from === undefined ? {} : { from: options.from }),
        fromSource,
        acceptLoss: options.acceptLoss ?? false,
        readData: options.readData ?? false,
        apply: options.dryRun !== true,
      };
      const report = await invocation.operations.repair(workspace, request, invocation.hooks);
      if (invocation.out.json) await invocation.out.document(report);
      else await printRepair(report, invocation.out);
      return exitOf(report);
    },
  });
}

/** 0 when everything is whole; what was given up counts as lost even though the rest is whole. */
function exitOf({ ok, objects }: RepairReport): number {
  if (ok) return 0;
  const left = objects.some(({ outcome }) => outcome === "unrepaired");
  return ERROR_CODES[left ? "repair-incomplete" : "version-lost"].exit;
}

async function printRepair(report: RepairReport, out: Output): Promise<void> {
  for (const object of report.objects) await printObject(object, report.applied, out);
  const { objects, applied } = report;
  const count = (outcome: RepairedObject["outcome"]) =>
    objects.filter((object) => object.outcome === outcome).length;
  if (objects.length === 0) {
    await out.line(
      `${out.paint("green", "Nothing is damaged")}. Looked at ${countOf(report.tasks, "task")}.`,
    );
    return;
  }
  const parts = [
    `${countText(count("repaired"))} ${applied ? "repaired" : "can be repaired"}`,
    `${countText(count("given-up"))} ${applied ? "given up in part" : "would be given up in part"}`,
    `${countText(count("unrepaired"))} ${applied ? "not repaired" : "cannot be repaired"}`,
  ];
  const verdict = out.paint(report.ok ? "green" : "red", countOf(objects.length, "damaged object"));
  await out.line(
    `${verdict}: ${parts.join(", ")}. ${countOf(report.lost, "version")} lost. Took ${durationText(report.durationMs)}.`,
  );
}

async function printObject(object: RepairedObject, applied: boolean, out: Output): Promise<void> {
  const outcome = applied || object.outcome !== "repaired" ? object.outcome : "can be repaired";
  const detail = async (label: string, text: string) => {
    if (text !== "") await out.line(`  ${label.padEnd(LABEL_WIDTH)} ${text}`);
  };
  await out.line(`${out.paint(OUTCOME_STYLES[object.outcome], outcome)}  ${visible(object.path)}`);
  await detail("damage", visible(object.damage));
  await detail("task", visible(object.task ?? ""));
  await detail("instants", object.instants.join(", "));
  await detail(
    "found",
    object.found.map(({ place, count }) => `${countText(count)} in ${visible(place)}`).join(", "),
  );
  await detail("now", object.replacement ?? "");
  // Every one: whoever decides about a loss must see all of it.
  for (const lost of object.lost) await detail("lost", lostText(lost));
  await detail("next", object.next);
}

function lostText({ key, from, to, count }: LostRow): string {
  if (key === null) return `${countOf(count, "version")} between "${visible(from)}" and "${visible(to)}"`;
  return count === 1 ? `"${visible(key)}"` : `"${visible(key)}" (${countText(count)} attachments)`;
}
