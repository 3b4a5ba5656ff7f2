import type { Command } from "commander";
import { HoldfastError } from "../../model/errors.ts";
import { defineCommand, type App } from "../command.ts";
import { countOf, timeText } from "../format.ts";
import type { CatDocument } from "../json-types.ts";

interface Options {
  readonly at?: string;
  readonly rev?: string;
  readonly attachment?: string;
  readonly leaves?: boolean;
}

const NEWLINE = Buffer.from("\n");

export function catCommand(app: App): Command {
  return defineCommand<Options>(app, {
    usage: "cat <task> <item>",
    summary: "print one version of an item, byte for byte as it was kept",
    details:
      "Prints the winning revision's body. With --json the bodies are texts inside the document, so that no number is changed by a parser.",
    arguments: { task: "SOURCE/COLLECTION or backup-…", item: "the item's key: a document's id" },
    examples: [
      "holdfast cat prod/orders order:1017",
      "holdfast cat prod/orders order:1017 --at '2h ago'",
      "holdfast cat prod/orders order:1017 --attachment scan.pdf > scan.pdf",
    ],
    json: { form: "document", type: "CatDocument" },
    options: (command) =>
      command
        .option("--at <time>", "as of this instant (default: latest)")
        .option("--rev <revision>", "this revision; enough of its beginning to be the only one")
        .option("--attachment <name>", "print the content of this attachment instead")
        .option("--leaves", "all leaf revisions, one on each line, the winner first"),
    run: async (invocation, [task = "", item = ""], options) => {
      const { out } = invocation;
      if (options.at !== undefined && options.rev !== undefined) {
        throw new HoldfastError("usage", "--at and --rev both name a version: give one of them.");
      }
      if (options.attachment !== undefined && out.json) {
        throw new HoldfastError("usage", "An attachment is printed as it is: leave --json out.");
      }
      const which = {
        task,
        item,
        ...(options.at === undefined ? {} : { at: options.at }),
        ...(options.rev === undefined ? {} : { rev: options.rev }),
      };
      await using workspace = await invocation.open("none");
      if (options.attachment !== undefined) {
        const request = { ...which, name: options.attachment };
        for await (const piece of invocation.operations.catBlob(workspace, request, invocation.hooks)) {
          await out.bytes(piece);
          if (out.closed) return;
        }
        return;
      }
      const found = await invocation.operations.catItem(workspace, which, invocation.hooks);
      const { version, parts } = found;
      if (out.json)
        return out.document({
          ...found,
          parts: parts.map((part) => part.toString("utf8")),
        } satisfies CatDocument);
      if (version.kind !== "live")
        out.note(`This version is ${version.kind} (seen ${timeText(version.seen)}).`);
      for (const [index, part] of (options.leaves ? parts : parts.slice(0, 1)).entries()) {
        if (index > 0) await out.bytes(NEWLINE);
        await out.bytes(part);
      }
      // A shell's prompt must not stick to the body; in a file or pipe the bytes stay exactly as kept.
      if (invocation.io.stdout.isTTY) await out.bytes(NEWLINE);
      if (!options.leaves && parts.length > 1) {
        out.note(
          `${countOf(parts.length - 1, "conflicting revision")} beside this one; --leaves prints all.`,
        );
      }
    },
  });
}
