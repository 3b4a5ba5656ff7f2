import type { Command } from "commander";
import { defineCommand, groupCommand, type App } from "../command.ts";
import { timeText, visible } from "../format.ts";
import type { HoldRow } from "../../operations/reports.ts";

interface AddOptions {
  readonly run?: string;
  readonly at?: string;
  readonly item?: string;
  readonly prefix?: string;
  readonly reason: string;
  readonly dryRun?: boolean;
}

export function holdCommand(app: App): Command {
  return groupCommand("hold", "what rollup, cleanup and erasure must leave alone", [
    addCommand(app),
    listCommand(app),
    releaseCommand(app),
  ]);
}

function addCommand(app: App): Command {
  return defineCommand<AddOptions>(app, {
    usage: "add <task>",
    summary: "hold a run, an instant, an item, or every item whose key begins with a prefix",
    details:
      "A held run or instant is never merged and does not count. Of a held item every version is kept, while everything else rolls up as usual.",
    arguments: { task: "SOURCE/COLLECTION or backup-…" },
    examples: [
      "holdfast hold add prod/orders --prefix invoice: --reason 'audit 2026'",
      "holdfast hold add prod/orders --at 2026-11-20 --reason 'before the migration'",
      "holdfast hold add prod/orders --run 0199c2 --reason 'case 4711'",
    ],
    json: { form: "document", type: "HoldRow" },
    options: (command) =>
      command
        .option("--run <id>", "the instant of this run (enough of its id)")
        .option("--at <time>", "the kept instant at or before this time")
        .option("--item <key>", "one item")
        .option("--prefix <text>", "every item whose key begins so")
        .requiredOption("--reason <text>", "why, for whoever finds the hold")
        .option("--dry-run", "only say what would be held"),
    run: async (invocation, [task = ""], { run, at, item, prefix, reason, dryRun = false }) => {
      await using workspace = await invocation.open("none");
      const chosen = Object.entries({ run, at, item, prefix }).filter(([, value]) => value !== undefined);
      const request = { task, reason, dryRun, ...(Object.fromEntries(chosen) as Record<string, string>) };
      const row = await invocation.operations.addHold(workspace, request, invocation.hooks);
      if (invocation.out.json) return invocation.out.document(row);
      return invocation.out.line(
        dryRun
          ? `Would hold ${whatOf(row)} of ${nameOf(row)}.`
          : `Held ${whatOf(row)} of ${nameOf(row)}: ${row.hold ?? ""}`,
      );
    },
  });
}

function listCommand(app: App): Command {
  return defineCommand(app, {
    usage: "list [task]",
    summary: "list the holds of a task, or of all",
    arguments: { task: "SOURCE/COLLECTION or backup-… (default: all tasks)" },
    examples: ["holdfast hold list", "holdfast hold list prod/orders"],
    json: { form: "lines", type: "HoldRow" },
    run: async (invocation, [task]) => {
      await using workspace = await invocation.open("none");
      const rows: HoldRow[] = [];
      const request = task === undefined ? {} : { task };
      for await (const row of invocation.operations.listHolds(workspace, request, invocation.hooks))
        rows.push(row);
      await invocation.out.list(
        rows,
        [
          { title: "HOLD", value: (row) => row.hold ?? "" },
          { title: "TASK", value: nameOf },
          { title: "HELD", value: whatOf },
          { title: "SINCE", value: (row) => timeText(row.since) },
          { title: "REASON", value: (row) => row.reason },
        ],
        "Nothing is held.",
      );
    },
  });
}

function releaseCommand(app: App): Command {
  return defineCommand<{ readonly dryRun?: boolean }>(app, {
    usage: "release <task> <hold>",
    summary: "let rollup and cleanup have it again",
    details:
      "The next rollup treats it as the policy says. What only the hold kept goes into the trash then.",
    arguments: { task: "SOURCE/COLLECTION or backup-…", hold: "the hold's id, or enough of its beginning" },
    examples: ["holdfast hold release prod/orders 3f9a"],
    json: { form: "document", type: "HoldRow" },
    options: (command) => command.option("--dry-run", "only say what would be released"),
    run: async (invocation, [task = "", hold = ""], { dryRun = false }) => {
      await using workspace = await invocation.open("none");
      const row = await invocation.operations.releaseHold(
        workspace,
        { task, hold, dryRun },
        invocation.hooks,
      );
      if (invocation.out.json) return invocation.out.document(row);
      const verb = dryRun ? "Would release" : "Released";
      return invocation.out.line(
        `${verb} ${whatOf(row)} of ${nameOf(row)}, held since ${timeText(row.since)}.`,
      );
    },
  });
}

function whatOf({ kind, instant, key }: HoldRow): string {
  if (kind === "instant") return `the instant ${timeText(instant)}`;
  // Whoever may only write learns no key.
  const name = key === null ? "(sealed)" : visible(key);
  return kind === "item" ? `the item ${name}` : `all items ${name}*`;
}

function nameOf({ source, collection }: HoldRow): string {
  return visible(`${source}/${collection}`);
}
