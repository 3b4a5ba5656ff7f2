import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import type { ChangeRow, VersionRow } from "../../operations/reports.ts";
import { defineCommand, type App } from "../command.ts";
import { timeText, visible } from "../format.ts";
import type { Invocation } from "../invocation.ts";
import type { Style } from "../style.ts";
import { isTimeSpec } from "../time-spec.ts";

interface Options {
  readonly item?: string;
}

/** What the words after TASK mean. */
export type DiffQuestion =
  | { readonly about: "item"; readonly item: string; readonly a?: string; readonly b?: string }
  | { readonly about: "instants"; readonly a: string; readonly b: string };

const LIVE = "live";

export function diffCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "diff <task> [words...]",
    summary: "show what changed in an item, or which items changed between two instants",
    details:
      "diff TASK ITEM            the item's last change\n" +
      "diff TASK ITEM A [B]      the item at A against B; B is a time, a revision or live (default: latest)\n" +
      "diff TASK A B             the items that changed between two instants\n" +
      "An item whose key looks like a time is named with --item.",
    arguments: { task: "SOURCE/COLLECTION or backup-…", words: "ITEM [A] [B], or A B" },
    examples: [
      "holdfast diff prod/orders order:1017",
      "holdfast diff prod/orders order:1017 latest~3 live",
      "holdfast diff prod/orders 2026-11-19 latest",
      "holdfast diff prod/orders --item 2026-11-19 latest~1 latest",
    ],
    json: { form: "document", type: "DiffDocument, or ChangeRow lines between two instants" },
    options: (command) => command.option("--item <key>", "the item, when its key could be taken for a time"),
    run: async (invocation, [task = "", ...given], options) => {
      const words = given.filter((word) => word !== undefined);
      const question = diffQuestion(words, options.item);
      return question.about === "item"
        ? showItem(invocation, task, question)
        : showInstants(invocation, task, question);
    },
  });
}

/** Errors: `usage` when there are too many words. */
export function diffQuestion(words: readonly string[], item: string | undefined): DiffQuestion {
  const [first, second] = words;
  if (
    item === undefined &&
    words.length === 2 &&
    isTimeSpec(first as string) &&
    isTimeSpec(second as string)
  ) {
    return { about: "instants", a: first as string, b: second as string };
  }
  const [key, a, b, ...more] = item === undefined ? words : [item, ...words];
  if (key === undefined || more.length > 0) {
    throw new HoldfastError("usage", "diff takes TASK ITEM [A] [B], or TASK A B.");
  }
  // `live` alone asks what has happened since the newest kept version.
  if (a === LIVE && b === undefined) return { about: "item", item: key, b: LIVE };
  return { about: "item", item: key, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
}

async function showItem(
  invocation: Invocation,
  task: string,
  { item, a, b }: Extract<DiffQuestion, { about: "item" }>,
): Promise<void> {
  const { out } = invocation;
  const live = a === LIVE || b === LIVE;
  await using workspace = await (live ? invocation.openForTasks([task]) : invocation.open("none"));
  const request = { task, item, ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
  const diff = await invocation.operations.diffItem(workspace, request, invocation.hooks);
  if (out.json) {
    // The changes are spliced in as text: their numbers may be beyond JavaScript's.
    const sides = JSON.stringify({ task, item, a: diff.a, b: diff.b, exactness: diff.exactness ?? {} });
    return out.line(`${sides.slice(0, -1)},"changes":${diff.json}}`);
  }
  await out.line(out.paint("red", `--- ${sideText(diff.a, a)}`));
  await out.line(out.paint("green", `+++ ${sideText(diff.b, b)}`));
  for (const line of diff.lines) {
    const style: Style | undefined = line.startsWith("+")
      ? "green"
      : line.startsWith("-")
        ? "red"
        : undefined;
    await out.line(style === undefined ? visible(line) : out.paint(style, visible(line)));
  }
  if (diff.lines.length === 0) out.note("The two are equal.");
  return undefined;
}

function sideText(row: VersionRow | null, asked: string | undefined): string {
  if (row === null) return asked === LIVE ? "live" : "not there";
  return visible(`${timeText(row.instant)}  ${row.revision}${row.kind === "live" ? "" : `  ${row.kind}`}`);
}

const CHANGE_STYLES: Readonly<Record<ChangeRow["change"], Style>> = {
  added: "green",
  changed: "cyan",
  deleted: "red",
};

async function showInstants(
  invocation: Invocation,
  task: string,
  { a, b }: Extract<DiffQuestion, { about: "instants" }>,
): Promise<void> {
  await using workspace = await invocation.open("none");
  await invocation.out.list<ChangeRow>(
    invocation.operations.diffInstants(workspace, { task, a, b }, invocation.hooks),
    [
      { title: "CHANGE", value: (row) => row.change, style: (row) => CHANGE_STYLES[row.change] },
      { title: "BEFORE", value: (row) => row.before ?? "" },
      { title: "AFTER", value: (row) => row.after ?? "" },
      { title: "ITEM", value: (row) => row.key },
    ],
    "Nothing changed between the two instants.",
  );
}
