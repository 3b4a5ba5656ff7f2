import { Option, type Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { DELTA_LEVELS } from "../../model/level.ts";
import type { PolicySettings, PolicyValue } from "../../model/policy/layers.ts";
import type {
  DropRow,
  RetentionPreview,
  RetentionRow,
  RetentionUntil,
  RetentionWhatIf,
  VersionRetentionRow,
} from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, timeText, visible } from "../format.ts";
import type { Output } from "../output.ts";
import type { Style } from "../style.ts";
import type { Column } from "../table.ts";

interface Options {
  readonly item?: string;
  readonly keep?: Record<string, number | "unlimited">;
  readonly every?: string;
  readonly cleanupAfter?: string;
  readonly rollupMode?: "eager" | "lazy";
}

/** Instants named in a line; the JSON report has all. */
const DROPS_SHOWN = 8;

export function retentionPreviewCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "preview <task>",
    summary: "what the policy keeps, until when and why, and what other numbers would change",
    details:
      "Decides as the rollup does, by the same code, over the runs to come. With --item also for each version of an item. With --keep, " +
      "--every, --cleanup-after or --rollup-mode also what would change if these values were set; nothing is changed.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast retention preview prod/orders",
      "holdfast retention preview prod/orders --item order:1017",
      "holdfast retention preview prod/orders --keep daily=14,weekly=8,yearly=unlimited",
    ],
    json: { form: "document", type: "RetentionPreview" },
    options: (command) =>
      command
        .option("--item <key>", "also the versions of this item")
        .addOption(
          new Option("--keep <counts>", "what if: level=count,…; count is a number or unlimited").argParser(
            keepCounts,
          ),
        )
        .option("--every <time>", "what if: this time between runs, e.g. 6h")
        .option("--cleanup-after <time>", "what if: what was replaced stays so long, or never")
        .addOption(
          new Option("--rollup-mode <mode>", "what if: this way of rolling up").choices(["eager", "lazy"]),
        ),
    run: async (invocation, [task = ""], { item, ...changes }) => {
      const whatIf = await settingsOf(changes);
      await using workspace = await invocation.open("none");
      const request = {
        task,
        ...(item === undefined ? {} : { item }),
        ...(whatIf === undefined ? {} : { whatIf }),
      };
      const preview = await invocation.operations.previewRetention(workspace, request, invocation.hooks);
      if (invocation.out.json) return invocation.out.document(preview);
      return print(preview, item, invocation.out);
    },
  });
}

/** `daily=14,yearly=unlimited`, as the configuration has it. Errors: `usage`. */
export function keepCounts(text: string): Record<string, number | "unlimited"> {
  const counts: Record<string, number | "unlimited"> = {};
  for (const part of text.split(",")) {
    const [, level, count] = /^([a-z]+)=(\d+|unlimited)$/.exec(part.trim()) ?? [];
    if (level === undefined || !DELTA_LEVELS.some((known) => known === level) || count === "0") {
      throw new HoldfastError(
        "usage",
        `"${part}" is no number to keep: write LEVEL=COUNT with one of ${DELTA_LEVELS.join(", ")}, and a count from 1 or unlimited.`,
      );
    }
    counts[level] = count === "unlimited" ? count : Number(count);
  }
  return counts;
}

/** Undefined when nothing is to be changed. Errors: `usage` for a value that the configuration would refuse. */
async function settingsOf(changes: Omit<Options, "item">): Promise<PolicySettings | undefined> {
  if (Object.keys(changes).length === 0) return undefined;
  const { policySchema, policySettings } = await import("../../catalog/config/policy-schema.ts");
  const entry = policySchema.safeParse(changes);
  if (entry.success) return policySettings(entry.data);
  const [issue] = entry.error.issues;
  throw new HoldfastError("usage", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}.`);
}

async function print(preview: RetentionPreview, item: string | undefined, out: Output): Promise<void> {
  const { frozen, whatIf } = preview;
  await out.line(out.paint("bold", visible(`${preview.source}/${preview.collection}`)));
  await out.facts(
    preview.policy.filter(({ name }) => isAboutRetention(name)).map((one) => [one.name, valueText(one)]),
  );
  if (frozen !== undefined) {
    out.warn(
      `The task is frozen since ${timeText(frozen.since)}: nothing is merged before the marked run is acknowledged. This is foretold as if it were now.`,
    );
  }
  await out.line();
  await printInstants(preview.instants, out);
  await out.line();
  await printDrops(preview, out);
  if (preview.versions !== undefined) await printVersions(visible(item ?? ""), preview.versions, out);
  if (whatIf === undefined) return;
  await out.line();
  const values = whatIf.policy.map(({ name, value }) => `${name} ${plainValue(name, value)}`).join(", ");
  await out.line(out.paint("bold", values === "" ? "With these values: no difference" : `With ${values}`));
  await printChanges(whatIf, out);
  await printDrops(whatIf, out);
  if (whatIf.versions !== undefined) await printVersions(visible(item ?? ""), whatIf.versions, out);
}

function isAboutRetention(name: string): boolean {
  return !name.startsWith("anomaly.") && !name.startsWith("include.");
}

function valueText({ name, value, origin }: PolicyValue): string {
  return `${plainValue(name, value)} (${origin})`;
}

const DURATIONS = new Set(["every", "cleanupAfter"]);
const SPAN_UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
] as const;

function plainValue(name: string, value: PolicyValue["value"]): string {
  if (value === null) return name === "cleanupAfter" ? "never" : "unlimited";
  if (!DURATIONS.has(name) || typeof value !== "number") return String(value);
  const [unit, length] = SPAN_UNITS.find(([, ms]) => value % ms === 0) ?? ["ms", 1];
  return `${value / length}${unit}`;
}

async function printInstants(rows: readonly RetentionRow[], out: Output): Promise<void> {
  const columns: Column<RetentionRow>[] = [
    { title: "INSTANT", value: (row) => timeText(row.instant) },
    { title: "KEPT BY", value: (row) => row.rule },
    { title: "UNTIL", value: (row) => untilText(row.until) },
    { title: "THEN", value: (row) => thenText(row.until) },
  ];
  await out.list(rows, columns, "The timeline is empty.");
}

async function printVersions(item: string, rows: readonly VersionRetentionRow[], out: Output): Promise<void> {
  await out.line();
  await out.line(out.paint("bold", `Versions of ${item}`));
  const columns: Column<VersionRetentionRow>[] = [
    { title: "SEEN", value: (row) => timeText(row.seen) },
    {
      title: "REVISION",
      value: (row) => (row.kind === "live" ? row.revision : `${row.revision} ${row.kind}`),
    },
    { title: "KEPT AT", value: (row) => timeText(row.keptAt) },
    { title: "KEPT BY", value: (row) => row.rule },
    { title: "UNTIL", value: (row) => untilText(row.until) },
  ];
  await out.list(rows, columns, "No version of this item is kept.");
}

const CHANGE_STYLES: Readonly<Record<RetentionWhatIf["changes"][number]["change"], Style>> = {
  dropped: "red",
  shorter: "yellow",
  longer: "green",
};

async function printChanges({ changes }: RetentionWhatIf, out: Output): Promise<void> {
  const columns: Column<RetentionWhatIf["changes"][number]>[] = [
    { title: "INSTANT", value: (row) => timeText(row.instant) },
    {
      title: "CHANGE",
      value: (row) => (row.change === "dropped" ? "dropped at once" : row.change),
      style: (row) => CHANGE_STYLES[row.change],
    },
    { title: "UNTIL NOW", value: (row) => untilText(row.before) },
    { title: "UNTIL THEN", value: (row) => untilText(row.after) },
  ];
  await out.list(changes, columns, "No instant would fare otherwise.");
}

async function printDrops({ due, next }: Pick<RetentionPreview, "due" | "next">, out: Output): Promise<void> {
  if (due.length > 0) await out.line(`A rollup now gives up ${dropsText(due)}.`);
  const run = timeText(next.run);
  if (next.drops.length === 0) await out.line(`The rollup after the next run (${run}) gives up nothing.`);
  else await out.line(`The rollup after the next run (${run}) gives up ${dropsText(next.drops)}.`);
}

function dropsText(drops: readonly DropRow[]): string {
  const named = drops
    .slice(0, DROPS_SHOWN)
    .map(({ instant, into }) => `${timeText(instant)} (into ${bucketText(into)})`);
  const more = drops.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${countOf(more, "more", "more")}` : named.join(", ");
}

function untilText({ kind, time }: RetentionUntil): string {
  if (kind === "never") return "for ever";
  if (kind === "held") return "while held";
  return kind === "at" ? timeText(time) : `after ${timeText(time)}`;
}

function thenText({ into }: RetentionUntil): string {
  return into === null ? "" : `merged into ${bucketText(into)}`;
}

function bucketText({ level, bucket }: DropRow["into"]): string {
  return level === "baseline" ? "the baseline" : `${level} ${bucket}`;
}
